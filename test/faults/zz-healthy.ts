import { diagnose } from '../../exporter/src/rca/diagnose.js';
import { load } from './zz-fit.js';
const all = [...load('/tmp/4c/seasonal.b64'), ...load('/tmp/4c/nothing.b64')];
let n = 0;
for (const c of all) {
  const d = diagnose(c.evidence);
  const [a] = d.causes;
  if (a !== undefined && !['none', 'seasonal-pattern'].includes(a.id)) console.log(c.seed, d.severity, d.causes.slice(0, 3).map((x) => `${x.id} ${x.probability.toFixed(2)}`).join(), c.evidence.findings.map((f) => `${f.detector}:${f.subject}`).join(), JSON.stringify(c.evidence.contrast.sameHour), JSON.stringify(c.evidence.contrast.mixExplains), c.evidence.features.filter((f) => f.moved).map((f) => `${f.feature} ${f.distance.toFixed(2)} ${f.drifted}`).join(), c.evidence.window.samples);
  if (a && a.probability > 0.5 && !['none', 'seasonal-pattern', 'unknown'].includes(a.id)) n += 1;
}
console.log(n, all.length);
