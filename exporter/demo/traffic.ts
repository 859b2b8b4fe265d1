import { shuffled } from '../src/statistics/shuffle.js';
import type { Clock, Random } from '../src/domain/ports.js';
import type { JsonObject } from '../src/domain/json.js';
import type { AdultRow, TabularFeatures } from './tabular/adult.js';
import { faultyFeatures, trueLabel, type TabularFault } from './tabular/faults.js';

/** What the tabular model said about one row. */
export interface TabularAnswer {
  readonly prediction: string;
  readonly confidence: number;
  readonly modelVersion: string;
  readonly latencySeconds: number;
}

export interface TrafficOptions {
  /** Rows the model has not learnt from; replayed in shuffled order, again and again. */
  readonly rows: readonly AdultRow[];
  readonly ask: (features: TabularFeatures) => Promise<TabularAnswer>;
  /** Takes lines for `POST /api/v1/models/{id}/observations`. */
  readonly send: (lines: readonly JsonObject[]) => Promise<void>;
  /** The fault switched on at the moment. */
  readonly fault: () => TabularFault;
  readonly clock: Clock;
  readonly random: Random;
  readonly rowsPerBatch: number;
  /** Time after which the truth about a row is known. */
  readonly labelDelayMs: number;
}

export interface Traffic {
  /** Sends one batch: new predictions, and the labels that have become known. */
  step(): Promise<{ readonly predictions: number; readonly labels: number }>;
  /** Steps every `intervalMs` until `signal` aborts. @throws what `ask` or `send` throws */
  run(intervalMs: number, signal: AbortSignal): Promise<void>;
}

interface PendingLabel {
  readonly knownAtMs: number;
  readonly line: JsonObject;
}

/**
 * An application that uses the tabular model: it asks the model about live rows, logs every prediction with the features
 * as the model saw them — after the fault — and reports the true label later by prediction id.
 */
export function createTraffic(options: TrafficOptions): Traffic {
  const { clock, random } = options;
  let queue: AdultRow[] = [];
  let sent = 0;
  let pending: PendingLabel[] = [];

  const nextRow = (): AdultRow => {
    if (queue.length === 0) queue = shuffled(options.rows, random);
    const row = queue.pop();
    if (row === undefined) throw new RangeError('the traffic has no rows to replay');
    return row;
  };

  const predict = async (): Promise<JsonObject> => {
    const row = nextRow();
    const fault = options.fault();
    const features = faultyFeatures(fault, row.features, random);
    const answer = await options.ask(features);
    sent += 1;
    const id = `adult-${clock.now().toString(36)}-${sent}`;
    pending.push({
      knownAtMs: clock.now() + options.labelDelayMs,
      line: { prediction_id: id, label: trueLabel(fault, row) },
    });
    return {
      prediction_id: id,
      timestamp: new Date(clock.now()).toISOString(),
      features: { ...features },
      prediction: answer.prediction,
      confidence: answer.confidence,
      latency_ms: Math.round(answer.latencySeconds * 1e6) / 1e3,
      model_version: answer.modelVersion,
    };
  };

  const step: Traffic['step'] = async () => {
    const due = pending.filter(({ knownAtMs }) => knownAtMs <= clock.now());
    const predictions: JsonObject[] = [];
    for (let row = 0; row < options.rowsPerBatch; row += 1) predictions.push(await predict());
    await options.send([...predictions, ...due.map(({ line }) => line)]);
    pending = pending.filter((label) => !due.includes(label));
    return { predictions: predictions.length, labels: due.length };
  };

  return {
    step,
    async run(intervalMs, signal) {
      while (!signal.aborted) {
        await step();
        await clock.sleep(intervalMs, signal);
      }
    },
  };
}
