import { appendFileSync, writeFileSync } from 'node:fs';
import { serialize } from 'node:v8';
import { FAULT_KINDS } from './kinds/index.js';
import { trainZooModels } from './models/index.js';
import { replay, zooCases } from './replay.js';
const [, , split, from, to, file, only] = process.argv;
const cases = zooCases(
  FAULT_KINDS.filter(({ id }) => only === undefined || id.startsWith(only)),
  trainZooModels(),
  split as 'training',
  Number(to),
).filter(({ seed }) => Number(/-(\d+)\//.exec(seed)?.[1]) >= Number(from));
writeFileSync(file ?? '', '');
let n = 0;
for (const c of cases) {
  const r = replay(c);
  const s = serialize({
    kind: c.kind.id,
    model: c.model.name,
    seed: c.seed,
    truth: r.injection.truth,
    evidence: r.judgement.evidence,
    pages: r.paged,
  });
  appendFileSync(file ?? '', `${s.toString('base64')}\n`);
  if ((n += 1) % 100 === 0) console.log(split, n, cases.length, new Date().toISOString());
}
console.log('done', n);
