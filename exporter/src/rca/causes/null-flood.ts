import { goldenHeld, mostlyAnswered, quoted, weigh, type CauseDefinition } from './cause-definition.js';

const LEAST_RISE = 0.05;

/** A feature has stopped arriving: missing, unreadable, or filled with a default. */
export const nullFlood: CauseDefinition = {
  id: 'null-flood',
  predicts: 'the missing share of a feature jumps while its remaining values are as ever',
  prior: -1.5,
  hypotheses(evidence) {
    const flooded = evidence.features.filter(
      ({ missingNow, missingBefore, invalidNow, invalidBefore, hint, drifted }) =>
        drifted &&
        (missingNow - missingBefore >= LEAST_RISE ||
          invalidNow - invalidBefore >= LEAST_RISE ||
          hint?.transformation === 'default-value'),
    );
    if (flooded.length === 0) return [];
    const features = flooded.map(({ feature }) => feature);
    const findings = evidence.findings.filter(
      ({ detector, subject }) =>
        (detector === 'missing-values' || detector === 'invalid-values') &&
        features.some((feature) => subject === `feature:${feature}`),
    );
    const defaulted = flooded.find(({ hint }) => hint?.transformation === 'default-value');
    return [
      {
        title: `Missing values flood ${quoted(features)}`,
        features,
        shareExplained: null,
        statements: weigh(
          [findings.length > 0, findings[0]?.sentence ?? '', 5],
          [defaulted !== undefined, defaulted?.hint?.sentence ?? '', 3.5],
          [
            features.length > 1,
            `${features.length} features are affected together, as when a join or a source is lost.`,
            1,
          ],
          [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      },
    ];
  },
};
