import { calibrationError, fitConditionalLogit, loss, probabilities } from './conditional-logit.js';
import { SIGNS } from '../../exporter/src/rca/signs/index.js';
import { examples, load } from './zz-fit.js';
const imp = (kind: string): number => (kind === 'nothing at all' ? 6 : kind.startsWith('seasonal') ? 4 : 1);
const tr = load('/tmp/4c/training.b64');
const tu = load('/tmp/4c/tuning.b64');
const a = examples(tr),
  b = examples(tu);
for (const penalty of (process.argv[2] ?? '0.0003').split(',').map(Number)) {
  const w = fitConditionalLogit(a, SIGNS.length, penalty, imp);
  console.log(penalty, 'loss', loss(a, w).toFixed(3), loss(b, w).toFixed(3));
  for (const [name, cached, ex] of [
    ['training', tr, a],
    ['tuning', tu, b],
  ] as const) {
    let right = 0,
      three = 0;
    const tops: { probability: number; isRight: boolean }[] = [];
    let fc = 0,
      healthy = 0;
    const wrong: Record<string, string[]> = {};
    ex.forEach((e, i) => {
      const p = probabilities(e, w);
      const t = cached[i]!;
      const order = e.hypotheses.map((h, j) => ({ c: h.cause, p: p[j]! })).sort((x, y) => y.p - x.p);
      const ok = (c: string) => c === t.truth.cause || (t.truth.alsoRight as string[]).includes(c);
      const top = order[0]!;
      tops.push({ probability: top.p, isRight: ok(top.c) });
      const isHealthy = t.truth.cause === 'none' || t.truth.cause === 'seasonal-pattern';
      if (isHealthy) {
        healthy++;
        if (top.p > 0.5 && !['none', 'seasonal-pattern', 'unknown'].includes(top.c)) {
          fc++;
          (wrong['FALSE'] ??= []).push(
            `${t.seed}:${top.c} ${top.p.toFixed(2)} f=${t.evidence.findings.map((f) => f.detector + ':' + f.subject).join(',')} sh=${JSON.stringify(t.evidence.contrast.sameHour)}`,
          );
        }
      }
      if (t.kind.startsWith('unforeseen')) return;
      if (ok(top.c)) right++;
      else
        (wrong[t.kind] ??= []).push(
          `${top.c} ${top.p.toFixed(2)}(true ${t.truth.cause} ${(order.find((o) => ok(o.c))?.p ?? -1).toFixed(2)})`,
        );
      if ([...new Set(order.map((o) => o.c))].slice(0, 3).some(ok)) three++;
    });
    const n = cached.filter((c) => !c.kind.startsWith('unforeseen')).length;
    console.log(
      name,
      'n',
      n,
      'first',
      (right / n).toFixed(4),
      'three',
      (three / n).toFixed(4),
      'false',
      fc,
      '/',
      healthy,
      'ece',
      calibrationError(tops).toFixed(3),
    );
    console.log(
      Object.entries(wrong)
        .map(([k, v]) => `  ${k}: ${v.join('; ')}`)
        .join('\n'),
    );
  }
}
