import type { Clock, GrafanaAnnotation, Logger } from '../../domain/ports.js';
import type { GrafanaClient } from './grafana-client.js';

/** What waits to be posted; kept in the store so that a restart loses none. */
export interface OutboxMemory {
  load(): Promise<readonly GrafanaAnnotation[]>;
  save(waiting: readonly GrafanaAnnotation[]): Promise<void>;
}

export interface OutboxPorts {
  readonly grafana: GrafanaClient;
  readonly memory: OutboxMemory;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Counts since the start. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly posted: number;
  /** Given up: refused by Grafana, or pushed out by newer ones. */
  readonly dropped: number;
  /** Tries that failed and were repeated. */
  readonly failedTries: number;
}

export interface Outbox {
  /** Never throws and never waits. */
  put(annotation: GrafanaAnnotation): void;
  counts(): OutboxCounts;
  /** Posts what waits until `signal` aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

/** The oldest are pushed out beyond it: a Grafana that is gone for weeks must not fill the store. */
export const CAPACITY = 500;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 300_000;
/** So often during a pause it is looked whether Grafana is to be asked otherwise. */
const LOOK_MS = 5_000;

interface Waiting {
  readonly annotation: GrafanaAnnotation;
  /** An earlier try may have reached Grafana: look before posting again. */
  mayHaveArrived: boolean;
}

/** Annotations on their way to Grafana: in order, at least once, and once where Grafana can be asked. */
export function createOutbox({ grafana, memory, clock, logger }: OutboxPorts): Outbox {
  const waiting: Waiting[] = [];
  let posted = 0;
  let dropped = 0;
  let failedTries = 0;
  let wake = new AbortController();
  let saving: Promise<void> = Promise.resolve();

  const save = (): void => {
    saving = saving.then(async () => {
      try {
        await memory.save(waiting.map(({ annotation }) => annotation));
      } catch (error) {
        logger.warn({ error: String(error) }, 'annotations that wait for Grafana could not be stored');
      }
    });
  };

  const arrived = async ({ timeMs, timeEndMs, text, tags }: GrafanaAnnotation): Promise<boolean | null> => {
    const found = await grafana.list({ fromMs: timeMs, toMs: timeEndMs ?? timeMs, tags, limit: 100 });
    if (found.kind === 'failure') return null;
    return found.annotations.some((there) => there.timeMs === timeMs && there.text === text);
  };

  /** One try at the oldest. @returns whether it is done with */
  const attempt = async (entry: Waiting): Promise<boolean> => {
    if (entry.mayHaveArrived) {
      const there = await arrived(entry.annotation);
      if (there === null) return false;
      if (there) {
        posted += 1;
        return true;
      }
      entry.mayHaveArrived = false;
    }
    const outcome = await grafana.post(entry.annotation);
    if (outcome.kind === 'posted') {
      posted += 1;
      return true;
    }
    if (outcome.kind === 'refused') {
      dropped += 1;
      logger.error({ reason: outcome.reason, tags: entry.annotation.tags }, 'Grafana refused an annotation for good');
      return true;
    }
    entry.mayHaveArrived = outcome.mayHaveArrived;
    if (failedTries % 20 === 0)
      logger.warn({ reason: outcome.reason, waiting: waiting.length }, 'annotations cannot be posted to Grafana now');
    return false;
  };

  /** @returns whether Grafana is to be asked otherwise than before: a new token, another address. Ends early then, and when something is put. */
  const pause = async (pauseMs: number, signal: AbortSignal): Promise<boolean> => {
    const before = grafana.access();
    const isOther = (): boolean => {
      const now = grafana.access();
      return now?.token !== before?.token || now?.url !== before?.url;
    };
    const ends = AbortSignal.any([signal, wake.signal]);
    for (let leftMs = pauseMs; leftMs > 0 && !ends.aborted && !isOther(); leftMs -= LOOK_MS)
      await clock.sleep(Math.min(leftMs, LOOK_MS), ends);
    return isOther();
  };

  return {
    put(annotation) {
      waiting.push({ annotation, mayHaveArrived: false });
      while (waiting.length > CAPACITY) {
        waiting.shift();
        dropped += 1;
      }
      save();
      wake.abort();
    },
    counts: () => ({ waiting: waiting.length, posted, dropped, failedTries }),
    async run(signal) {
      try {
        const restored = await memory.load();
        waiting.unshift(...restored.map((annotation) => ({ annotation, mayHaveArrived: true })));
        waiting.splice(0, Math.max(0, waiting.length - CAPACITY));
      } catch (error) {
        logger.warn({ error: String(error) }, 'annotations left from before the restart could not be read');
      }
      let pauseMs = FIRST_PAUSE_MS;
      while (!signal.aborted) {
        wake = new AbortController();
        const [first] = waiting;
        if (first === undefined) {
          await clock.sleep(MAX_PAUSE_MS, AbortSignal.any([signal, wake.signal]));
          continue;
        }
        const done = await attempt(first).catch((error: unknown) => {
          logger.error({ error: String(error) }, 'posting an annotation failed');
          return false;
        });
        if (done) {
          const index = waiting.indexOf(first);
          if (index >= 0) waiting.splice(index, 1);
          save();
          pauseMs = FIRST_PAUSE_MS;
        } else {
          failedTries += 1;
          pauseMs = (await pause(pauseMs, signal)) ? FIRST_PAUSE_MS : Math.min(MAX_PAUSE_MS, pauseMs * 2);
        }
      }
      await saving;
    },
  };
}
