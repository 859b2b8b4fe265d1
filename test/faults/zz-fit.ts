import { readFileSync } from 'node:fs';
import { deserialize } from 'node:v8';
import type { Evidence } from '../../exporter/src/domain/evidence.js';
import { candidates } from '../../exporter/src/rca/candidates.js';
import type { Truth } from './fault.js';
import type { Example } from './training-set.js';
export interface Cached {
  kind: string;
  model: string;
  seed: string;
  truth: Truth;
  evidence: Evidence;
  pages: boolean;
}
export const load = (file: string): Cached[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((l) => deserialize(Buffer.from(l, 'base64')) as Cached)
    .map((c) => ({ ...c, evidence: { ...c.evidence, watched: c.evidence.hasBaseline } }));
export const examples = (cached: Cached[]): Example[] =>
  cached.map(({ kind, truth, evidence }) => {
    const inPlay = candidates(evidence);
    const named = (c: string) => c === truth.cause || (truth.alsoRight as string[]).includes(c);
    const blames = (f: readonly string[]) =>
      truth.features.length === 0 || f.length === 0 || f.some((x) => truth.features.includes(x));
    const right = inPlay.map(({ definition, hypothesis }) => named(definition.id) && blames(hypothesis.features));
    const fallback = inPlay.some(({ definition }) => definition.id === 'unknown') ? 'unknown' : 'none';
    const missed = !right.includes(true);
    return {
      kind,
      hypotheses: inPlay.map(({ definition, signs }, j) => ({
        cause: definition.id,
        signs,
        isRight: missed ? definition.id === fallback : right[j] === true,
      })),
    };
  });
