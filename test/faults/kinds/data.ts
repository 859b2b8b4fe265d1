import {
  between,
  inSegment,
  pick,
  pickSegment,
  sharesOf,
  truth,
  variedFeatures,
  withNumber,
  type FaultKind,
} from '../fault.js';
import type { ZooModel } from '../models/zoo-model.js';
import type { Random } from '../../../exporter/src/domain/ports.js';

function medianOf(model: ZooModel, feature: string): number {
  const values = model.heldOut.flatMap(({ features }) =>
    typeof features[feature] === 'number' ? [features[feature]] : [],
  );
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Two or more features, no feature twice. */
function several(names: readonly string[], count: number, random: Random): string[] {
  const rest = [...names];
  const chosen: string[] = [];
  while (chosen.length < count && rest.length > 0) {
    const at = Math.floor(random.next() * rest.length);
    chosen.push(...rest.splice(at, 1));
  }
  return chosen;
}

/** Faults of the pipeline in front of the model: the world and the model are as ever. */
export const DATA_FAULTS: readonly FaultKind[] = [
  {
    id: 'unit change',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const factor = pick([100, 100, 1_000, 60, 0.01, 2.54, 0.4536], random);
      return {
        truth: truth('unit-change', { features: [feature] }),
        input: (features) => withNumber(features, feature, (value) => value * factor),
      };
    },
  },
  {
    id: 'affine change (°C to °F)',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const [slope, offset] = pick([[1.8, 32] as const, [1 / 1.8, -32 / 1.8] as const, [1, 273.15] as const], random);
      return {
        truth: truth('unit-change', { features: [feature] }),
        input: (features) => withNumber(features, feature, (value) => slope * value + offset),
      };
    },
  },
  {
    id: 'null flood',
    draw: (model, random) => {
      const feature = pick([...model.numeric, ...model.categorical], random);
      const share = between(0.3, 0.95, random);
      return {
        truth: truth('null-flood', { features: [feature] }),
        input: (features, live) => (live.random.next() < share ? { ...features, [feature]: null } : features),
      };
    },
  },
  {
    id: 'default-value flood',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const share = between(0.35, 0.9, random);
      const value = pick([0, medianOf(model, feature), -1, 999], random);
      return {
        truth: truth('default-values', { features: [feature] }),
        input: (features, live) => (live.random.next() < share ? { ...features, [feature]: value } : features),
      };
    },
  },
  {
    id: 'category rename',
    draw: (model, random) => {
      const { feature, value } = pickSegment(model, random, 0.12, 0.85);
      const renamed = pick([value.toUpperCase(), `${value}_v2`, `code-${value.length}`, value.slice(0, 2)], random);
      const name = renamed === value ? `${value}_v2` : renamed;
      return {
        truth: truth('category-rename', { features: [feature] }),
        input: (features) => (inSegment({ features }, feature, value) ? { ...features, [feature]: name } : features),
      };
    },
  },
  {
    id: 'category explosion',
    draw: (model, random) => {
      const feature = pick(model.categorical, random);
      const share = between(0.25, 0.9, random);
      const names = Math.floor(between(4, 400, random));
      return {
        truth: truth('new-categories', { features: [feature] }),
        input: (features, live) =>
          live.random.next() < share
            ? { ...features, [feature]: `id-${Math.floor(live.random.next() * names)}` }
            : features,
      };
    },
  },
  {
    id: 'stale (frozen) feature',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const frozen = pick(model.heldOut, random).features[feature] ?? null;
      return {
        truth: truth('stale-feature', { features: [feature] }),
        input: (features) => ({ ...features, [feature]: frozen }),
      };
    },
  },
  {
    id: 'join loss',
    draw: (model, random) => {
      const lost = several([...model.numeric, ...model.categorical], random.next() < 0.5 ? 2 : 3, random);
      const share = between(0.3, 0.9, random);
      return {
        truth: truth('join-loss', { features: lost }),
        input: (features, live) =>
          live.random.next() < share
            ? { ...features, ...Object.fromEntries(lost.map((feature) => [feature, null])) }
            : features,
      };
    },
  },
  {
    id: 'swapped columns',
    draw: (model, random) => {
      const [a = '', b = ''] = several(variedFeatures(model), 2, random);
      return {
        truth: truth('swapped-columns', { features: [a, b] }),
        input: (features) => ({ ...features, [a]: features[b] ?? null, [b]: features[a] ?? null }),
      };
    },
  },
  {
    id: 'truncation or rounding',
    draw: (model, random) => {
      const feature = pick(
        variedFeatures(model).filter((name) => sharesOf(model.heldOut, name).length > 20),
        random,
      );
      const values = model.heldOut.flatMap(({ features }) =>
        typeof features[feature] === 'number' ? [features[feature]] : [],
      );
      const sorted = values.sort((x, y) => x - y);
      const spread = (sorted[Math.floor(0.9 * sorted.length)] ?? 1) - (sorted[Math.floor(0.1 * sorted.length)] ?? 0);
      const unit = Math.max(5, Math.round(spread / pick([2, 3, 4], random)));
      const cap = sorted[Math.floor(between(0.4, 0.7, random) * sorted.length)] ?? 0;
      const rounded = random.next() < 0.6;
      return {
        truth: truth('precision-loss', { features: [feature] }),
        input: (features) =>
          withNumber(features, feature, (value) => (rounded ? Math.floor(value / unit) * unit : Math.min(value, cap))),
      };
    },
  },
  {
    id: 'noise in several features',
    draw: (model, random) => {
      const varied = variedFeatures(model);
      const features = several(varied, 2 + Math.floor(random.next() * Math.max(1, varied.length - 1)), random);
      const spreads = new Map(
        features.map((feature) => {
          const sorted = model.heldOut
            .flatMap(({ features: row }) => (typeof row[feature] === 'number' ? [row[feature]] : []))
            .sort((a, b) => a - b);
          return [
            feature,
            (sorted[Math.floor(0.84 * sorted.length)] ?? 1) - (sorted[Math.floor(0.16 * sorted.length)] ?? 0),
          ];
        }),
      );
      const size = between(1, 2.5, random);
      return {
        truth: truth('input-drift', { features }),
        input: (row, live) =>
          features.reduce(
            (changed, feature) =>
              withNumber(changed, feature, (value) =>
                Math.round(value + size * (spreads.get(feature) ?? 1) * (2 * live.random.next() - 1)),
              ),
            row,
          ),
      };
    },
  },
  {
    id: 'feature leak',
    draw: (model, random) => {
      const feature = pick(variedFeatures(model), random);
      const strength = between(0.75, 1, random);
      const values = model.heldOut.flatMap(({ features }) =>
        typeof features[feature] === 'number' ? [features[feature]] : [],
      );
      const middle = medianOf(model, feature);
      const [low, high] = [values.filter((value) => value <= middle), values.filter((value) => value > middle)];
      return {
        labels: true,
        truth: truth('feature-leak', { features: [feature] }),
        input: (features, live, row) =>
          live.random.next() < strength
            ? { ...features, [feature]: pick(row.label === model.classes[1] ? high : low, live.random) }
            : features,
      };
    },
  },
];
