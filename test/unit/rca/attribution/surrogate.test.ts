import { describe, expect, it } from 'vitest';
import type { FeatureValue, Observation } from '../../../../exporter/src/domain/observation.js';
import { boostedTrees } from '../../../../exporter/src/rca/attribution/boosted-trees.js';
import { attributeBySurrogate } from '../../../../exporter/src/rca/attribution/surrogate.js';
import { analyseRows, isSmall } from '../../../../exporter/src/rca/row-analysis.js';
import { codeCohorts, codeRows, codingsOf } from '../../../../exporter/src/rca/segments/coding.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { normal, observation } from '../../detection/rows.js';
import { evaluated } from '../evaluated-case.js';

/** Confidence falls with `income` and on mobile, both together a little more; `shoe` is ignored. */
const confidenceOf = (income: number, channel: string): number =>
  0.9 - 0.25 / (1 + Math.exp(-2 * (income - 2))) - (channel === 'mobile' ? 0.15 + (income > 2 ? 0.05 : 0) : 0);

interface World {
  readonly seed: string;
  readonly income?: number;
  readonly mobile?: number;
  /** Standard deviation of what no input explains. */
  readonly noise?: number;
}

function traffic(rows: number, { seed, income = 1, mobile = 0.2, noise = 0.01 }: World): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, (_, atMs) => {
    const features: Record<string, FeatureValue> = {
      income: income + 0.7 * normal(random),
      channel: random.next() < mobile ? 'mobile' : 'web',
      shoe: 40 + 3 * normal(random) + 10 * (income - 1),
    };
    const confidence = confidenceOf(Number(features['income']), String(features['channel'])) + noise * normal(random);
    return observation({ atMs, features, confidence });
  });
}
const meanConfidence = (rows: readonly Observation[]): number =>
  rows.reduce((sum, { confidence }) => sum + (confidence ?? 0), 0) / rows.length;

describe('boosted trees', () => {
  it('learn numbers, categories and their interaction', () => {
    const rows = traffic(2_000, { seed: 'fit', income: 2, mobile: 0.5 });
    const table = codeRows(rows, codingsOf(rows));
    const targets = Float64Array.from(rows, ({ confidence }) => confidence ?? 0);
    const copy = boostedTrees(
      table,
      targets,
      Array.from({ length: 1_500 }, (_, i) => i),
    );
    let rest = 0;
    let total = 0;
    const mean = meanConfidence(rows);
    for (let row = 1_500; row < 2_000; row += 1) {
      rest += ((targets[row] ?? 0) - copy((column) => table.columns[column]?.[row] ?? 0)) ** 2;
      total += ((targets[row] ?? 0) - mean) ** 2;
    }
    expect(1 - rest / total).toBeGreaterThan(0.9);
  });

  it('predict the mean where nothing can be learnt', () => {
    const table = { rows: 100, columns: [new Uint16Array(100).fill(1)] };
    const targets = Float64Array.from({ length: 100 }, (_, i) => i % 2);
    expect(boostedTrees(table, targets, [...targets.keys()])(() => 1)).toBeCloseTo(0.5, 12);
  });
});

describe('a copy of the model', () => {
  const before = traffic(1_500, { seed: 'before' });
  const now = traffic(1_500, { seed: 'now', income: 2.5 });
  const attribute = (rows: readonly Observation[], suspects: readonly string[]) =>
    attributeBySurrogate(before, rows, codeCohorts(before, rows), suspects, seededRandom(3));

  it('gives the change to the input that made it, and nothing to one that only moved along', () => {
    const found = attribute(now, ['shoe', 'income']);
    expect(found?.evidence.isUsed).toBe(true);
    expect(found?.evidence.rSquared).toBeGreaterThan(0.85);
    const [first, second] = found?.attributions ?? [];
    const change = meanConfidence(now) - meanConfidence(before);
    expect(first).toMatchObject({ feature: 'income', method: 'surrogate-shapley' });
    expect(Math.abs((first?.value ?? 0) - change)).toBeLessThan(0.25 * Math.abs(change));
    // The shoe size moved with the income, so that the copy cannot quite tell them apart; the live model could.
    expect(Math.abs(second?.value ?? 1)).toBeLessThan(0.25 * Math.abs(change));
    expect(first?.standardError).toBeLessThan(0.03);
  });

  it('tells two causes apart and agrees with the parts known from the truth', () => {
    const both = traffic(1_500, { seed: 'both', income: 1.8, mobile: 0.7 });
    const found = attribute(both, ['income', 'channel']);
    const valueOf = (feature: string): number =>
      found?.attributions.find((one) => one.feature === feature)?.value ?? NaN;
    // Five tenths more mobile, 0.15 to 0.2 each.
    expect(valueOf('channel')).toBeGreaterThan(-0.11);
    expect(valueOf('channel')).toBeLessThan(-0.06);
    expect(valueOf('income')).toBeLessThan(-0.03);
  });

  it('is not used where it predicts too little, and then the counts are told as a correlation', () => {
    const noisy = { noise: 0.2 };
    const was = traffic(1_500, { seed: 'noisy before', ...noisy });
    const is = traffic(1_500, { seed: 'noisy now', income: 2.5, ...noisy });
    const found = attributeBySurrogate(was, is, codeCohorts(was, is), ['income'], seededRandom(3));
    expect(found).toMatchObject({ evidence: { isUsed: false }, attributions: [] });
    expect(found?.evidence.rSquared).toBeLessThan(0.7);
  });

  it('needs rows on both sides', () => {
    expect(attribute(now.slice(0, 150), ['income'])).toBeNull();
  });

  it('stands in only when the model was not asked and did not change, and is told as such', () => {
    const drifted = evaluated({ rows: traffic(10, { seed: 'x' }) }).symptoms.features;
    const [some] = drifted;
    if (some === undefined) throw new Error('no features');
    const input = {
      baselineRows: before,
      rows: now,
      features: [{ ...some, feature: 'income', reported: true, distance: 0.8 }],
      modelChanged: false,
      experiment: null,
      attributions: [],
    };
    expect(isSmall({ ...input, baselineRows: before.slice(0, 250), rows: now.slice(0, 250) })).toBe(false);
    const told = analyseRows(input);
    expect(told.surrogate?.isUsed).toBe(true);
    expect(told.attributions[0]?.method).toBe('surrogate-shapley');
    expect(analyseRows(input)).toEqual(told);
    const changed = analyseRows({ ...input, modelChanged: true });
    expect(changed.surrogate).toBeNull();
    expect(changed.attributions.every(({ method }) => method === 'segment-contrast')).toBe(true);
    const asked = { feature: 'income', value: -0.2, standardError: 0.01, method: 'interventional-shapley' } as const;
    expect(analyseRows({ ...input, attributions: [asked] })).toMatchObject({ attributions: [asked], surrogate: null });
  });
});
