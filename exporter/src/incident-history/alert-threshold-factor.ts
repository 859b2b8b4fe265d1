import type { IncidentId, ModelId } from '../domain/identifiers.js';
import type { AlertThresholdFactor, AlertFeedback } from '../domain/alert-feedback.js';

/** Doublings of the threshold at most: feedback alone never silences a model. */
const MOST_DOUBLINGS = 4;

interface JudgedPage {
  readonly model: ModelId;
  readonly atMs: number;
  /** People who called it useful, less those who did not. */
  readonly balance: number;
}

/**
 * How far people's feedback moves each model's alert threshold, by one rule: an alert on evidence that most called "not useful"
 * doubles the evidence the next one needs, one called useful halves it again; never below the operator's threshold, never above
 * 16 times it. Doubling the threshold doubles the guaranteed mean time between false pages (docs/detection.md, “Why the promise holds”). A tie moves nothing.
 */
export function alertThresholdFactors(feedback: readonly AlertFeedback[]): readonly AlertThresholdFactor[] {
  const factors = new Map<ModelId, AlertThresholdFactor & { readonly steps: number }>();
  for (const { model, balance } of judgedPages(feedback)) {
    const { steps, useful, notUseful } = factors.get(model) ?? { steps: 0, useful: 0, notUseful: 0 };
    const next = Math.min(MOST_DOUBLINGS, Math.max(0, steps - Math.sign(balance)));
    factors.set(model, {
      model,
      steps: next,
      factor: 2 ** next,
      useful: useful + (balance > 0 ? 1 : 0),
      notUseful: notUseful + (balance < 0 ? 1 : 0),
    });
  }
  return [...factors.values()].map(({ model, factor, useful, notUseful }) => ({ model, factor, useful, notUseful }));
}

/** Alerts on evidence that people do not disagree about, in the order they were last spoken of. */
function judgedPages(feedback: readonly AlertFeedback[]): readonly JudgedPage[] {
  const pages = new Map<IncidentId, JudgedPage>();
  for (const { incidentId, modelId, useful, atMs, onEvidence } of feedback) {
    if (!onEvidence) continue;
    const page = pages.get(incidentId) ?? { model: modelId, atMs, balance: 0 };
    pages.set(incidentId, {
      model: modelId,
      atMs: Math.max(page.atMs, atMs),
      balance: page.balance + (useful ? 1 : -1),
    });
  }
  return [...pages.values()].filter(({ balance }) => balance !== 0).sort((a, b) => a.atMs - b.atMs);
}
