import { seededRandom } from '../../exporter/src/system/seeded-random.js';

/** What goes wrong with a model, from its third batch on. */
export const FAULTS = ['confidence', 'shift', 'missing', 'answers', 'failures', 'accuracy'] as const;
export type Fault = (typeof FAULTS)[number];

/** A model and everything its sender ever sends of it. */
export interface Traffic {
  readonly id: string;
  readonly fault: Fault | null;
  /** Whether its baseline is admitted with the first batch; the others learn all the time. */
  readonly isWatched: boolean;
  readonly deliveries: readonly Delivery[];
}

export interface Delivery {
  readonly kind: 'observations' | 'labels';
  /** Null for a sender that knows no batch ids. */
  readonly batchId: string | null;
  readonly body: readonly object[];
}

export interface TrafficSize {
  /** Rows in a batch of the first model, of the others that are watched, and of those that learn all the time. */
  readonly rowsOfFirst: number;
  readonly rowsOfWatched: number;
  readonly rowsOfLearning: number;
  readonly batches: number;
}

const MODELS = 20;
const WATCHED = 13;
/** Every batch covers as much of the rows' own time. */
export const BATCH_MS = 5_000_000;
/** Of the answers, every third gets a label, a batch later; of these every fifth comes again in another batch. */
const [LABELLED_EVERY, AGAIN_EVERY] = [3, 5];
/** Batches before the fault. */
const NORMAL_BATCHES = 2;

/** The same traffic for the same arguments. @param startMs time of the first row */
export function trafficOf(startMs: number, size: TrafficSize): readonly Traffic[] {
  return Array.from({ length: MODELS }, (_, i): Traffic => {
    const fault = FAULTS[i] ?? null;
    const isWatched = i < WATCHED;
    const rowsOfWatched = i === 0 ? size.rowsOfFirst : size.rowsOfWatched;
    const rowsPerBatch = isWatched ? rowsOfWatched : size.rowsOfLearning;
    const hasIds = i % 4 !== 3;
    const random = seededRandom(`load ${i}`);
    const normal = (): number => {
      let sum = 0;
      for (let k = 0; k < 12; k += 1) sum += random.next();
      return sum - 6;
    };
    const deliveries: Delivery[] = [];
    let labels: object[] = [];
    let again: object[] = [];
    for (let batch = 0; batch < size.batches; batch += 1) {
      const isFaulty = batch >= NORMAL_BATCHES;
      const faultNow = isFaulty ? fault : null;
      const late = [...labels, ...again];
      again = labels.filter((_label, k) => k % AGAIN_EVERY === 0);
      labels = [];
      const body = Array.from({ length: rowsPerBatch }, (_row, k) => {
        const timestamp = Math.round(startMs + batch * BATCH_MS + (k * BATCH_MS) / rowsPerBatch);
        const prediction_id = `${i}-${batch}-${k}`;
        const answer = random.next() < (faultNow === 'answers' ? 0.8 : 0.35) ? 'yes' : 'no';
        const isWrong = random.next() < (faultNow === 'accuracy' ? 0.5 : 0.08);
        const features = {
          age: Math.round(40 + 10 * normal() + (faultNow === 'shift' ? 12 : 0)),
          region: `r${Math.floor(random.next() * 4)}`,
          ...(faultNow === 'missing' && random.next() < 0.4 ? { income: null } : { income: 3_000 + 400 * normal() }),
        };
        const confidence = Math.min(1, Math.max(0, (faultNow === 'confidence' ? 0.6 : 0.85) + 0.05 * normal()));
        if (random.next() < (faultNow === 'failures' ? 0.3 : 0.002))
          return { prediction_id, timestamp, features, error: 'timeout' };
        if (k % LABELLED_EVERY === 0)
          labels.push({
            prediction_id,
            timestamp: timestamp + BATCH_MS,
            label: isWrong ? (answer === 'yes' ? 'no' : 'yes') : answer,
          });
        return { prediction_id, timestamp, features, prediction: answer, confidence };
      });
      deliveries.push({ kind: 'observations', batchId: hasIds ? `rows-${batch}` : null, body });
      if (late.length > 0) deliveries.push({ kind: 'labels', batchId: hasIds ? `labels-${batch}` : null, body: late });
    }
    deliveries.push({
      kind: 'labels',
      batchId: hasIds ? 'labels-last' : null,
      body: [...labels, ...again],
    });
    return { id: `load-${i}`, fault, isWatched, deliveries };
  });
}
