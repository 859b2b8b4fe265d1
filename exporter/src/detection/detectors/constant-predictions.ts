import { counted, percent } from '../../domain/quantity-text.js';
import type { CategoricalCounts, SignalCounts } from '../../domain/profile.js';
import { differenceOfProportions } from '../../statistics/difference-of-proportions.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { categoricalTotal, numericTotal } from '../../statistics/signal-counts.js';
import { UNDERSTANDING } from '../../domain/finding.js';
import { blind, found, nothing, windowOf, type DetectionInput, type Detector } from '../detection-input.js';

const VARIED_INPUTS = 5;
/** A baseline whose most frequent answer stays below this was varied. */
const VARIED_SHARE = 0.95;

function topOf(counts: SignalCounts | undefined): { readonly top: number; readonly total: number } {
  if (counts === undefined) return { top: 0, total: 0 };
  const values =
    counts.kind === 'numeric' ? counts.cells.values() : (counts satisfies CategoricalCounts).categories.values();
  return {
    top: Math.max(0, ...values),
    total: counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts),
  };
}

/** Different inputs in the rows still in memory, up to the number that settles the question. */
function variedInputs(input: DetectionInput): boolean {
  const seen = new Set<string>();
  for (const row of input.rows) {
    if (row.features !== null) seen.add(JSON.stringify(row.features));
    if (seen.size >= VARIED_INPUTS) return true;
  }
  return false;
}

/** Whether nobody has said what the model takes, and every row is an answer to what mlfi thought up. */
const isGuessed = ({ model, rows }: DetectionInput): boolean =>
  model.arePayloadsGuessed &&
  model.goldenInputs.every(({ origin }) => origin === 'generated') &&
  rows.every(({ source }) => source !== 'ingest');

/**
 * The same answer whatever the input. Against a varied baseline one dominating class is enough; without one, a dominating
 * class may be right, so the confidence must be constant too.
 */
export const constantPredictions: Detector = {
  id: 'constant-predictions',
  detect(input) {
    const { thresholds, baseline } = input;
    const now = topOf(input.window.signals.get('prediction'));
    if (now.total < thresholds.minimumWindowSamples || now.top / now.total < thresholds.constantShare) return nothing;
    const before = topOf(baseline?.profile.signals.get('prediction'));
    const beforeShare = before.total < thresholds.minimumWindowSamples ? null : before.top / before.total;
    const wasVaried = beforeShare !== null && beforeShare < VARIED_SHARE;
    if (!wasVaried) {
      const confidence = topOf(input.window.signals.get('confidence'));
      const sameConfidence =
        confidence.total >= thresholds.minimumWindowSamples &&
        confidence.top / confidence.total >= thresholds.constantShare;
      if (!sameConfidence || !variedInputs(input)) return nothing;
      if (isGuessed(input))
        return blind(
          UNDERSTANDING,
          `it gives the same response to all that mlfi thought up (${counted(now.total, 'call')}), so it may not have understood it`,
        );
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
