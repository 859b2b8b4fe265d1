import {
  between,
  inSegment,
  otherClass,
  pick,
  pickSegment,
  truth,
  variedFeatures,
  type FaultKind,
  type Injection,
} from '../fault.js';
import { answer, type ZooModel, type ZooRow } from '../models/zoo-model.js';

const HARMFUL = 0.03;

const accuracyOf = (model: ZooModel, rows: readonly ZooRow[]): number =>
  rows.filter((row) => answer(model, model.score(row)).prediction === row.label).length / Math.max(1, rows.length);

/** Keeps a row that is in the group, and of the others only as many as make the group `share` of the traffic. */
function tilted(model: ZooModel, inGroup: (row: ZooRow) => boolean, share: number): (row: ZooRow) => boolean {
  const before = model.heldOut.filter(inGroup).length / model.heldOut.length;
  const keep = (before * (1 - share)) / (share * (1 - before));
  let owed = 0;
  return (row) => {
    if (inGroup(row)) return true;
    owed += keep;
    if (owed < 1) return false;
    owed -= 1;
    return true;
  };
}

function mixChange(model: ZooModel, inGroup: (row: ZooRow) => boolean, share: number): boolean {
  const rows = model.heldOut.slice(0, 3_000);
  const inside = accuracyOf(model, rows.filter(inGroup));
  const outside = accuracyOf(
    model,
    rows.filter((row) => !inGroup(row)),
  );
  return accuracyOf(model, rows) - (share * inside + (1 - share) * outside) >= HARMFUL;
}

const doubled = (model: ZooModel, feature: string, value: string, share: number): Injection => ({
  truth: truth('traffic-mix-change', {
    features: [feature],
    segment: `${feature} = ${value}`,
    page: mixChange(model, (row) => inSegment(row, feature, value), share),
  }),
  choose: tilted(model, (row) => inSegment(row, feature, value), share),
});

/** The world changed: who asks, or what is true. The pipeline and the model are as ever. */
export const WORLD_FAULTS: readonly FaultKind[] = [
  {
    id: 'covariate mix change',
    draw: (model, random) => {
      const { feature, value, share } = pickSegment(model, random, 0.12, 0.45);
      return doubled(model, feature, value, Math.min(0.9, share * between(1.8, 2.4, random)));
    },
  },
  {
    id: 'marketing campaign (benign)',
    draw: (model, random) => {
      const { feature, value, share } = pickSegment(model, random, 0.1, 0.5);
      const injection = doubled(model, feature, value, Math.min(0.9, share + between(0.2, 0.35, random)));
      return {
        ...injection,
        truth: { ...injection.truth, page: false },
        changes: [{ kind: 'other', text: 'Marketing campaign started.' }],
      };
    },
  },
  {
    id: 'population shift',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const values = model.heldOut.flatMap(({ features }) =>
        typeof features[feature] === 'number' ? [features[feature]] : [],
      );
      const line = values.sort((a, b) => a - b)[Math.floor(between(0.4, 0.6, random) * values.length)] ?? 0;
      const isHigh = random.next() < 0.5;
      const inGroup = ({ features }: ZooRow): boolean => {
        const value = features[feature];
        return typeof value === 'number' && (isHigh ? value > line : value <= line);
      };
      return {
        truth: truth('input-drift', {
          features: [feature],
          alsoRight: ['traffic-mix-change'],
          page: mixChange(model, inGroup, 0.9),
        }),
        choose: tilted(model, inGroup, 0.9),
      };
    },
  },
  {
    id: 'segment outage',
    draw: (model, random) => {
      const { feature, value } = pickSegment(model, random, 0.15, 0.5);
      const segment = truth('segment-outage', { features: [feature], segment: `${feature} = ${value}` });
      const share = between(0.8, 1, random);
      return random.next() < 0.5
        ? { truth: segment, choose: (row) => !inSegment(row, feature, value) }
        : {
            truth: segment,
            failure: (live, row) => (inSegment(row, feature, value) && live.random.next() < share ? 'http_5xx' : null),
          };
    },
  },
  {
    id: 'concept flip in one segment',
    draw: (model, random) => {
      const { feature, value } = pickSegment(model, random, 0.15, 0.45);
      const share = between(0.8, 1, random);
      return {
        labels: true,
        truth: truth('segment-concept-drift', { segment: `${feature} = ${value}`, features: [feature] }),
        label: (row, live) =>
          inSegment(row, feature, value) && live.random.next() < share ? otherClass(model, row.label) : row.label,
      };
    },
  },
  {
    id: 'gradual concept drift',
    draw: (model, random) => {
      const most = between(0.35, 0.7, random);
      return {
        labels: true,
        truth: truth('concept-drift'),
        label: (row, live) => (live.random.next() < most * live.progress ? otherClass(model, row.label) : row.label),
      };
    },
  },
  {
    id: 'labels inverted',
    draw: (model, random) => {
      const share = between(0.95, 1, random);
      return {
        labels: true,
        truth: truth('labels-wrong'),
        label: (row, live) => (live.random.next() < share ? otherClass(model, row.label) : row.label),
      };
    },
  },
  {
    id: 'label delay',
    draw: (_, random) => {
      const share = between(0.7, 1, random);
      return {
        labels: true,
        truth: truth('label-delay', { page: false }),
        label: (row, live) => (live.random.next() < share ? null : row.label),
      };
    },
  },
];
