/**
 * Ours against the rules others ship: what they do by default while nothing changes, and how fast each sees a change
 * once all are set to the same false-alarm rate. Run: npx tsx test/bench/detection.ts (about two minutes)
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ConformalEDetector } from '../../exporter/src/detection/sequential/conformal-e-detector.js';
import { Ruler } from '../../exporter/src/detection/sequential/probability-integral-transform.js';
import { riskBound, RiskEDetector } from '../../exporter/src/detection/sequential/risk-e-detector.js';
import { median, streams, type Streams } from '../accuracy/streams.js';
import { ERROR_RULES, VALUE_RULES, type Rule } from './rules.js';

const BASELINE = 500;
const LINE = 10_000;
const QUIET = 4_000;
const QUIET_RUNS = 40;
const RUNS = 60;
const PATIENCE = 3_000;
/** Share of quiet runs of 4,000 that alarm when the mean run length is 10,000. */
const MATCHED = 1 - Math.exp(-QUIET / LINE);

/** Algorithm S as a rule: strictness is log10 of the line. */
const ours: Rule = {
  name: 'mlfi, conformal e-detector',
  shipped: Math.log10(LINE),
  strictest: 12,
  make: (strictness, baseline) => {
    const ruler = Ruler.fit(baseline.slice(0, BASELINE / 5));
    const source = streams(7);
    const detectors = [1, 2].map(
      (seed) =>
        new ConformalEDetector({ blockLength: 1, tolerance: 0, powerBets: true, startWeight: 1, sides: 'both', seed }),
    );
    let at = 0;
    const add = (value: number): number => {
      const u = ruler.position(value, source.uniform());
      at += 1;
      detectors[0]?.add(u, at);
      detectors[1]?.add(4 * (u - 0.5) ** 2, at);
      return detectors.reduce((sum, detector) => sum + detector.value, 0) / 2;
    };
    for (const value of baseline.slice(BASELINE / 5)) add(value);
    return (value) => add(value) >= 10 ** strictness;
  },
};

const oursOnErrors: Rule = {
  name: 'mlfi, tolerant risk e-detector',
  shipped: Math.log10(LINE),
  strictest: 12,
  make: (strictness, baseline) => {
    const mean = baseline.reduce((sum, x) => sum + x, 0) / baseline.length;
    const bound = riskBound({ units: baseline.length, mean, variance: 0, binary: true }, 0.05, 0);
    const detector = new RiskEDetector({ bound, variance: null, startWeight: 1 });
    let at = 0;
    return (value) => {
      detector.add(value, (at += 1));
      return detector.value >= 10 ** strictness;
    };
  },
};

type Draw = (source: Streams) => number;
const take = (n: number, source: Streams, draw: Draw): number[] => Array.from({ length: n }, () => draw(source));

/** Sample of the first alarm, Infinity for none. */
function firstAlarm(
  rule: Rule,
  strictness: number,
  seed: number,
  draws: readonly [Draw, number][],
  before: Draw,
): number {
  const source = streams(seed);
  const changed = rule.make(strictness, take(BASELINE, source, before));
  let at = 0;
  for (const [draw, samples] of draws) {
    for (let i = 0; i < samples; i += 1) {
      at += 1;
      if (changed(draw(source))) return at;
    }
  }
  return Infinity;
}

const quietShare = (rule: Rule, strictness: number, before: Draw): number =>
  Array.from({ length: QUIET_RUNS }, (_, i) => firstAlarm(rule, strictness, i + 1, [[before, QUIET]], before)).filter(
    Number.isFinite,
  ).length / QUIET_RUNS;

/** Strictness at which the rule alarms once in 10,000 quiet samples, by bisection; null when even the strictest does more. */
function matched(rule: Rule, before: Draw): number | null {
  if (quietShare(rule, rule.strictest, before) > MATCHED) return null;
  let low = 0;
  let high = rule.strictest;
  for (let step = 0; step < 12; step += 1) {
    const middle = (low + high) / 2;
    if (quietShare(rule, middle, before) > MATCHED) low = middle;
    else high = middle;
  }
  return high;
}

/** Median delay after 500 quiet samples and misses within 3,000; runs that alarm before the change count as such. */
function delays(rule: Rule, strictness: number, before: Draw, after: Draw): string {
  const found = Array.from({ length: RUNS }, (_, i) =>
    firstAlarm(
      rule,
      strictness,
      5_000 + i,
      [
        [before, 500],
        [after, PATIENCE],
      ],
      before,
    ),
  );
  const early = found.filter((at) => at <= 500).length;
  const late = found.filter((at) => at > 500).map((at) => at - 500);
  const missed = late.filter((delay) => delay === Infinity).length;
  const text = missed > late.length / 2 ? 'missed' : String(median(late));
  return `${text}${missed > 0 ? ` (${missed} missed)` : ''}${early > 0 ? ` (${early} early)` : ''}`;
}

function table(
  title: string,
  rules: readonly Rule[],
  before: Draw,
  afters: readonly (readonly [string, Draw])[],
): void {
  console.log(`\n${title}`);
  console.log(
    `${'rule'.padEnd(32)}${'quiet runs that alarm as shipped'.padEnd(34)}${'matched to'.padEnd(12)}${afters.map(([name]) => name.padEnd(22)).join('')}`,
  );
  for (const rule of rules) {
    const shipped = quietShare(rule, rule.shipped, before);
    const strictness = matched(rule, before);
    const cells = afters.map(([, after]) =>
      (strictness === null ? 'cannot be matched' : delays(rule, strictness, before, after)).padEnd(22),
    );
    console.log(
      `${rule.name.padEnd(32)}${`${(100 * shipped).toFixed(0)} % in ${QUIET} samples`.padEnd(34)}${(strictness?.toFixed(2) ?? '–').padEnd(12)}${cells.join('')}`,
    );
  }
  console.log(
    `${'always alarm'.padEnd(32)}${'100 %'.padEnd(34)}${'–'.padEnd(12)}${afters.map(() => '1 (all early)'.padEnd(22)).join('')}`,
  );
  console.log(
    `${'never alarm'.padEnd(32)}${'0 %'.padEnd(34)}${'–'.padEnd(12)}${afters.map(() => 'missed'.padEnd(22)).join('')}`,
  );
}

const normal: Draw = (source) => source.normal();
const shifted =
  (by: number): Draw =>
  (source) =>
    source.normal() + by;
table(
  `values, N(0,1), baseline ${BASELINE}, all matched to one false alarm in ${LINE} samples; median delay in samples`,
  [ours, ...VALUE_RULES],
  normal,
  [
    ['shift 0.5 sd', shifted(0.5)],
    ['shift 1 sd', shifted(1)],
    ['shift 2 sd', shifted(2)],
    ['spread × 2', (source) => 2 * source.normal()],
  ],
);

const wrong =
  (share: number): Draw =>
  (source) =>
    source.uniform() < share ? 1 : 0;
table('errors, 10 % before', [oursOnErrors, ...ERROR_RULES], wrong(0.1), [
  ['15 %', wrong(0.15)],
  ['20 %', wrong(0.2)],
  ['30 %', wrong(0.3)],
  ['50 %', wrong(0.5)],
]);

/** SEA concepts (Street & Kim 2001): three uniform features, a threshold on the sum of the first two; a fixed model of concept 1 with 10 % noise. */
const sea =
  (threshold: number): Draw =>
  (source) => {
    const sum = 10 * source.uniform() + 10 * source.uniform();
    const truth = sum <= threshold !== source.uniform() < 0.1;
    return truth === sum <= 8 ? 0 : 1;
  };
table('SEA, a model of the first concept (threshold 8)', [oursOnErrors, ...ERROR_RULES], sea(8), [
  ['threshold 9', sea(9)],
  ['threshold 7', sea(7)],
  ['threshold 9.5', sea(9.5)],
]);

/** employment_MA: the error stream of a deployed model, whose accuracy falls in 2016–2018; see test/data. */
const errorsOf = (name: string): number[] =>
  gunzipSync(readFileSync(new URL(`../data/employment_MA/${name}.csv.gz`, import.meta.url)))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => (line.endsWith(',1') ? 0 : 1));
const reference = errorsOf('reference');
const analysis = errorsOf('analysis');
console.log(
  `\nemployment_MA: ${analysis.length} labelled answers after ${reference.length}; errors ${mean(reference)} before, ${mean(analysis)} after; rules as shipped, started anew after each alarm`,
);
for (const rule of [oursOnErrors, ...ERROR_RULES]) {
  const count = (stream: readonly number[], baseline: readonly number[]): number => {
    let changed = rule.make(rule.shipped, baseline);
    let alarms = 0;
    for (const error of stream) {
      if (!changed(error)) continue;
      alarms += 1;
      changed = rule.make(rule.shipped, baseline);
    }
    return alarms;
  };
  const half = Math.floor(reference.length / 2);
  console.log(
    `${rule.name.padEnd(32)}${count(reference.slice(half), reference.slice(0, half))} alarms in the second half of the reference, ${count(analysis, reference)} in the analysis`,
  );
}

function mean(values: readonly number[]): string {
  return `${((100 * values.reduce((sum, x) => sum + x, 0)) / values.length).toFixed(1)} %`;
}
