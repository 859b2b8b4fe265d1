import { load } from './zz-fit.js';
const all = [...load('/tmp/4c/training.b64'), ...load('/tmp/4c/tuning.b64')];
console.log(
  'sameHour explained>0.5:',
  all
    .filter((c) => (c.evidence.contrast.sameHour?.explained ?? 0) > 0.5)
    .map((c) => `${c.kind.slice(0, 20)} ${c.evidence.contrast.sameHour!.explained.toFixed(2)}`)
    .sort()
    .join('; '),
);
const show = (kind: string, f: (c: (typeof all)[0]) => string) =>
  console.log(
    kind,
    all
      .filter((c) => c.kind === kind)
      .map(f)
      .join('\n   '),
  );
show(
  'unit change',
  (c) =>
    `${c.model} ${JSON.stringify(c.truth.features)} ` +
    c.evidence.features
      .filter((f) => c.truth.features.includes(f.feature))
      .map(
        (f) =>
          `moved ${f.moved} drift ${f.drifted} d ${f.distance.toFixed(2)} ms ${f.meanShift?.toFixed(1)} sr ${f.spreadRatio?.toFixed(2)} hint ${f.hint?.transformation}`,
      )
      .join(),
);
show(
  'constant answers',
  (c) =>
    `${c.model} top ${c.evidence.prediction.topShare.toFixed(2)} before ${c.evidence.prediction.topShareBefore?.toFixed(2)} ${c.evidence.findings.map((f) => f.detector).join()} golden ${c.evidence.golden.compared} ${c.evidence.golden.answersChanged}`,
);
show(
  'schema change in the answer',
  (c) =>
    `${c.model} ${c.evidence.golden.compared} ${c.evidence.golden.shapeChanged} ${c.evidence.findings.map((f) => f.detector).join()} ${JSON.stringify(c.evidence.service.failuresByReason)}`,
);
show(
  'covariate mix change',
  (c) =>
    `${c.model} ${c.truth.segment} ` +
    c.evidence.features
      .filter((f) => c.truth.features.includes(f.feature))
      .map((f) => `moved ${f.moved} drift ${f.drifted} d ${f.distance.toFixed(2)} n ${f.samples}`)
      .join(),
);
show(
  'gradual concept drift',
  (c) =>
    `${c.model} ${JSON.stringify(c.evidence.labels.accuracyBefore?.share)} ${JSON.stringify(c.evidence.labels.accuracyNow?.share)} n ${c.evidence.labels.accuracyNow?.of} trend ${c.evidence.contrast.errorTrend?.toFixed(2)} ${c.evidence.findings.map((f) => f.detector).join()}`,
);
