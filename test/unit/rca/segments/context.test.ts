import { expect, it } from 'vitest';
import type { Observation } from '../../../../exporter/src/domain/observation.js';
import { analyseRows } from '../../../../exporter/src/rca/row-analysis.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';
import { observation } from '../../detection/rows.js';

const REGIONS = ['north', 'south', 'east', 'west'] as const;

/** Rows whose confidence falls in the west only; the model itself sees no region. */
function rows(seed: string, westBy: number, named: boolean): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: 800 }, (_, i) => {
    const region = REGIONS[i % 4] ?? 'north';
    const confidence = 0.85 + 0.1 * random.next() - (region === 'west' ? westBy : 0);
    const row = observation({ atMs: i, features: { amount: random.next() }, confidence });
    return named ? { ...row, context: { region, release: '7' } } : row;
  });
}
const segments = (named: boolean): readonly string[] =>
  analyseRows({
    baselineRows: rows('before', 0, named),
    rows: rows('now', 0.4, named),
    features: [],
    modelChanged: null,
    experiment: null,
    attributions: [],
  }).segments.map(({ predicate }) => predicate);

it('names the region that changed, which is in the context of rows and no input of the model', () => {
  expect(segments(true)[0]).toBe('region = west');
  expect(segments(false).join()).not.toContain('west');
});

it('takes no context for an input: mix, copy and attribution are about inputs', () => {
  const { attributions, decomposition } = analyseRows({
    baselineRows: rows('before', 0, true),
    rows: rows('now', 0.4, true),
    features: [],
    modelChanged: null,
    experiment: null,
    attributions: [],
  });
  expect(JSON.stringify({ attributions, decomposition })).not.toContain('region');
});
