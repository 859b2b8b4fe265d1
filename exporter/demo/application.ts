import type { DemoPorts } from './exporter.js';
import type { DemoModels } from './server.js';
import { askOverHttp, sendOverHttp } from './traffic-over-http.js';
import { createTraffic } from './traffic.js';

export const TRAFFIC_EVERY_MS = 400;
export const ROWS_PER_BATCH = 12;
export const LABEL_DELAY_MS = 5_000;
const PAUSE_AFTER_FAILURE_MS = 1_000;

/** The application that uses the tabular model, while it runs. */
export interface RunningApplication {
  /** Calls the model has answered since a fault was last switched on; 0 while there is none. */
  callsUnderFault(): number;
  /** Why its last batch failed; it tries again. Null while all is well. */
  failure(): string | null;
  stop(): Promise<void>;
}

/** Starts the application of the tabular model: it asks the model about live rows and logs every prediction at mlfi. */
export function startApplication(
  { clock, random, stop }: Pick<DemoPorts, 'clock' | 'random' | 'stop'>,
  models: DemoModels,
  { address, apiKey }: { readonly address: string; readonly apiKey: string },
): RunningApplication {
  const ending = new AbortController();
  let callsUnderFault = 0;
  let failure: string | null = null;
  const traffic = createTraffic({
    rows: models.tabular.heldOut,
    async ask(features) {
      const answer = await askOverHttp(models.urlOf('tabular'), features);
      callsUnderFault = models.switches.get().kind === 'none' ? 0 : callsUnderFault + 1;
      return answer;
    },
    async send(lines) {
      await sendOverHttp(address, 'tabular', apiKey, lines);
      failure = null;
    },
    fault: () => models.switches.get(),
    clock,
    random,
    rowsPerBatch: ROWS_PER_BATCH,
    labelDelayMs: LABEL_DELAY_MS,
  });
  const stopping = AbortSignal.any([stop, ending.signal]);
  const keepOn = async (): Promise<void> => {
    while (!stopping.aborted) {
      await traffic.run(TRAFFIC_EVERY_MS, stopping).catch((error: unknown) => {
        if (!stopping.aborted) failure = error instanceof Error ? error.message : String(error);
      });
      if (failure !== null) await clock.sleep(PAUSE_AFTER_FAILURE_MS, stopping);
    }
  };
  const ended = keepOn();
  return {
    callsUnderFault: () => callsUnderFault,
    failure: () => failure,
    async stop() {
      ending.abort();
      await ended;
    },
  };
}
