import { counted, percent } from '../../domain/quantity-text.js';
import type { CategoricalCounts, SignalCounts } from '../../domain/profile.js';
import { differenceOfProportions } from '../../statistics/difference-of-proportions.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { categoricalTotal, numericTotal } from '../../statistics/signal-counts.js';
import { UNDERSTANDING } from '../../domain/finding.js';
import { ANSWER_FEATURES } from '../../domain/generation.js';
import { blind, found, nothing, windowOf, type DetectionInput, type Detector } from '../detection-input.js';

const VARIED_INPUTS = 5;
/** A coin falls so often alike once in five hundred times. */
const LEAST_GUESSED = 10;
/** A baseline whose most frequent answer stays below this was varied. */
const VARIED_SHARE = 0.95;

interface Top {
  readonly top: number;
  readonly total: number;
}

function topOf(counts: SignalCounts | undefined): Top {
  if (counts === undefined) return { top: 0, total: 0 };
  const values =
    counts.kind === 'numeric' ? counts.cells.values() : (counts satisfies CategoricalCounts).categories.values();
  return {
    top: Math.max(0, ...values),
    total: counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts),
  };
}

/** Different inputs of answered rows still in memory, up to the number that settles the question. */
function differentInputs(input: DetectionInput): boolean {
  const seen = new Set<string>();
  for (const row of input.rows) {
    if (row.features !== null && row.failure === null) seen.add(JSON.stringify(row.features));
    if (seen.size >= VARIED_INPUTS) return true;
  }
  return false;
}

/** Numbers that differ by less than this part of the largest may all lie in one leaf of a tree. */
const WIDE = 0.5;

/** Whether some feature takes values that a model may well answer differently, and not only such as lie beside each other. */
function areFarApart({ rows }: DetectionInput): boolean {
  const seen = new Map<string, { low: number; high: number; text: unknown }>();
  for (const { features, failure } of rows) {
    if (failure !== null) continue;
    for (const [name, value] of Object.entries(features ?? {})) {
      const number = typeof value === 'number' ? value : 0;
      const text = typeof value === 'number' ? null : value;
      const known = seen.get(name);
      if (known === undefined) seen.set(name, { low: number, high: number, text });
      else if (known.text !== text) return true;
      else {
        known.low = Math.min(known.low, number);
        known.high = Math.max(known.high, number);
        if (known.high - known.low > WIDE * Math.max(Math.abs(known.high), Math.abs(known.low))) return true;
      }
    }
  }
  return false;
}

/** Whether nobody has said what the model takes, and every row is an answer to what mlfi thought up. */
const isGuessed = ({ model, rows }: DetectionInput): boolean =>
  model.arePayloadsGuessed &&
  model.goldenInputs.every(({ origin }) => origin === 'generated') &&
  rows.every(({ source }) => source !== 'ingest');

/** Whether a language model wrote them: how it ended is what is counted, and that is mostly the same. */
const areGenerated = ({ rows }: DetectionInput): boolean =>
  rows.some(({ features }) => Object.keys(features ?? {}).some((name) => ANSWER_FEATURES.has(name)));

/** What is known where nobody has said what the model takes: nothing, once all its answers are the same. */
function unlessUnderstood(input: DetectionInput, { top, total }: Top): ReturnType<Detector['detect']> {
  const { constantShare } = input.thresholds;
  const confidence = topOf(input.window.signals.get('confidence'));
  const isAlike = confidence.total === 0 || confidence.top / confidence.total >= constantShare;
  if (
    total < LEAST_GUESSED ||
    top / total < constantShare ||
    !isAlike ||
    !differentInputs(input) ||
    areGenerated(input)
  )
    return nothing;
  return blind(
    UNDERSTANDING,
    `it gives the same response to all that mlfi thought up (${counted(total, 'call')}), so it may not have understood it`,
  );
}

const NEARLY_ALIKE =
  'all predictions are the same, and so, nearly, are the inputs: give payloads that should get different predictions';

/**
 * The same answer whatever the input. Against a varied baseline one dominating class is enough; without one, a dominating
 * class may be right, so the confidence must be constant too; of answers to what mlfi thought up also where there is none.
 */
export const constantPredictions: Detector = {
  id: 'constant-predictions',
  detect(input) {
    const { thresholds, baseline } = input;
    const now = topOf(input.window.signals.get('prediction'));
    const before = topOf(baseline?.profile.signals.get('prediction'));
    const beforeShare = before.total < thresholds.minimumWindowSamples ? null : before.top / before.total;
    const wasVaried = beforeShare !== null && beforeShare < VARIED_SHARE;
    if (!wasVaried && isGuessed(input)) return unlessUnderstood(input, now);
    if (now.total < thresholds.minimumWindowSamples || now.top / now.total < thresholds.constantShare) return nothing;
    if (!wasVaried) {
      const confidence = topOf(input.window.signals.get('confidence'));
      const sameConfidence =
        confidence.total >= thresholds.minimumWindowSamples &&
        confidence.top / confidence.total >= thresholds.constantShare;
      if (!sameConfidence || !differentInputs(input)) return nothing;
      if (!areFarApart(input)) return blind('one prediction for every input', NEARLY_ALIKE);
    }
    const share = now.top / now.total;
    return found({
      detector: 'constant-predictions',
      subject: 'prediction',
      kind: 'quality',
      direction: 'changed',
      statistic: { name: 'top_share', value: share },
      threshold: thresholds.constantShare,
      pValue: null,
      effect: {
        measure: 'share',
        value: share - (beforeShare ?? 0),
        interval:
          beforeShare === null
            ? proportion(now.top, now.total).interval
            : differenceOfProportions({ count: before.top, of: before.total }, { count: now.top, of: now.total }),
      },
      statistics: [],
      before: beforeShare,
      now: share,
      window: windowOf(input),
      baselineSamples: before.total === 0 ? null : before.total,
      sentence:
        !wasVaried || beforeShare === null
          ? `${percent(share)} of ${now.total} predictions are the same, confidence included, although the inputs differ.`
          : `${percent(share)} of ${now.total} predictions are the same; before, the most frequent one had ${percent(beforeShare)}.`,
    });
  },
};
