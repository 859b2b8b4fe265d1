import { goldenHeld, mostlyAnswered, weigh, type CauseDefinition } from './cause-definition.js';

/** A feature arrives in another unit or scale, or through another simple transformation. */
export const unitChange: CauseDefinition = {
  id: 'unit-change',
  predicts: 'one feature equals its old self times a constant (or shifted), the others are as ever',
  prior: -1.5,
  hypotheses(evidence) {
    const drifted = evidence.features.filter((feature) => feature.drifted);
    return drifted
      .filter(
        ({ hint }) =>
          hint !== null && ['scale', 'offset', 'affine', 'log', 'frozen', 'rounding'].includes(hint.transformation),
      )
      .map(({ feature, hint, meanShift }) => ({
        title:
          hint?.transformation === 'frozen'
            ? `Frozen value in \`${feature}\``
            : `Unit or scale change in \`${feature}\``,
        features: [feature],
        shareExplained: null,
        statements: weigh(
          [true, hint?.sentence ?? '', 4.5],
          [
            Math.abs(meanShift ?? 0) > 3,
            `Its mean moved by ${Math.abs(meanShift ?? 0).toFixed(1)} standard deviations, more than a population does.`,
            1.5,
          ],
          [
            drifted.length === 1,
            'No other feature moved.',
            1.5,
            [`${drifted.length - 1} other features moved too.`, -0.3],
          ],
          [goldenHeld(evidence), 'Golden inputs are answered as before, so the model is the same.', 1],
          [!mostlyAnswered(evidence), 'Most calls are not answered at all.', -4],
        ),
      }));
  },
};
