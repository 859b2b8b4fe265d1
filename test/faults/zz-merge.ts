import { readFileSync, writeFileSync } from 'node:fs';
import { load } from './zz-fit.js';
for (const [base, add] of [
  ['/tmp/4c/training.b64', '/tmp/4c/n1.b64'],
  ['/tmp/4c/tuning.b64', '/tmp/4c/n2.b64'],
] as const) {
  const fresh = new Set(load(add).map((c) => c.seed));
  const lines = readFileSync(base, 'utf8').trim().split('\n');
  const kept = load(base).flatMap((c, i) => (fresh.has(c.seed) ? [] : [lines[i]!]));
  writeFileSync(base, [...kept, readFileSync(add, 'utf8').trim()].join('\n') + '\n');
}
