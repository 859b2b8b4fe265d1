import { pick, truth, variedFeatures, type FaultKind } from '../fault.js';

/** Faults the closed list of causes has no name for: the right answer is "I don't know". */
export const UNFORESEEN_KINDS: readonly FaultKind[] = [
  {
    id: 'unforeseen: rows joined to the wrong keys',
    draw: (model) => {
      const features = [...model.numeric, ...model.categorical];
      return {
        labels: false,
        golden: true,
        truth: truth('unknown'),
        input: (_, live) =>
          Object.fromEntries(
            features.map((feature) => [feature, pick(model.heldOut, live.random).features[feature] ?? null]),
          ),
      };
    },
  },
  {
    id: 'unforeseen: confidence moved for users only',
    draw: (_, random) => {
      const power = pick([0.4, 2.5], random);
      return {
        labels: false,
        golden: true,
        truth: truth('unknown'),
        adjustLive: (score) => {
          const sure = Math.max(score, 1 - score);
          const moved = 0.5 + 0.5 * (2 * sure - 1) ** power;
          return score > 0.5 ? moved : 1 - moved;
        },
      };
    },
  },
  {
    id: 'unforeseen: users routed to another model than golden inputs',
    testOnly: true,
    draw: (model) => ({
      labels: false,
      golden: true,
      truth: truth('unknown'),
      adjustLive: (_, __, row) => model.older(row),
    }),
  },
  {
    id: 'unforeseen: a feature comes from the row before',
    testOnly: true,
    draw: (model, random) => {
      const features = variedFeatures(model);
      const lagged = [...features.slice(0, 2), pick(model.categorical, random)];
      let before: Readonly<Record<string, string | number | boolean | null>> = model.heldOut[0]?.features ?? {};
      return {
        labels: false,
        golden: true,
        truth: truth('unknown', { alsoRight: ['none'] }),
        input: (values) => {
          const late = Object.fromEntries(lagged.map((name) => [name, before[name] ?? null]));
          before = values;
          return { ...values, ...late };
        },
      };
    },
  },
];
