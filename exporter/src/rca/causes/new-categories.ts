import { goldenHeld, mostlyAnswered, weigh, type CauseDefinition } from './cause-definition.js';

/** A categorical feature has values the model never learnt. */
export const newCategories: CauseDefinition = {
  id: 'new-categories',
  predicts: 'unseen categories appear, perhaps in the place of known ones (a rename)',
  prior: -1.5,
  hypotheses(evidence) {
    return evidence.findings
      .filter(({ detector }) => detector === 'unseen-categories')
      .map((finding) => {
        const feature = String(finding.subject).replace(/^feature:/, '');
        const hint = evidence.features.find((entry) => entry.feature === feature)?.hint ?? null;
        const others = evidence.features.filter((entry) => entry.drifted && entry.feature !== feature).length;
        return {
          title:
            hint?.transformation === 'rename'
              ? `Renamed categories in \`${feature}\``
              : `New categories in \`${feature}\``,
          features: [feature],
          shareExplained: null,
          statements: weigh(
            [true, finding.sentence, 4.5],
            [hint?.transformation === 'rename', hint?.sentence ?? '', 2],
            [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1],
            [others === 0, 'No other feature moved.', 1],
            [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
          ),
        };
      });
  },
};
