/**
 * Ours against the rules others ship, all on the same streams: what they do by default while nothing changes, and how
 * fast each sees a change once all are set to the same false-alarm rate. Run: npm run bench:detection
 *
 * Rules named "river …" and "frouros …" are those packages themselves, run where MLFI_BENCH_PYTHON names a Python that
 * has them (pip install river frouros); without it our own transcriptions stand for them.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { ConformalEDetector } from '../../exporter/src/detection/sequential/conformal-e-detector.js';
import { ReferenceQuantiles } from '../../exporter/src/detection/sequential/reference-quantiles.js';
import { riskBound, RiskEDetector } from '../../exporter/src/detection/sequential/risk-e-detector.js';
import { median, streams } from '../accuracy/streams.js';
import { inProcess, type Contestant } from './contestant.js';
import { startPeers } from './peer-rules.js';
import { ERROR_RULES, VALUE_RULES, type Rule } from './rules.js';
import { makeRuns, type Draw, type Runs } from './streams-file.js';

const BASELINE = 500;
const LINE = 10_000;
const QUIET = 4_000;
const QUIET_RUNS = 40;
const RUNS = 60;
const PATIENCE = 3_000;
const QUIET_BEFORE = 500;
/** Share of quiet runs of 4,000 that alarm when the mean run length is 10,000. */
const MATCHED = 1 - Math.exp(-QUIET / LINE);

/** Algorithm S as a rule: strictness is log10 of the line. */
const ours: Rule = {
  name: 'mlfi, conformal e-detector',
  shipped: Math.log10(LINE),
  strictest: 12,
  make: (strictness, baseline) => {
    const ruler = ReferenceQuantiles.fit(baseline.slice(0, BASELINE / 5));
    const source = streams(7);
    const detectors = [1, 2].map(
      (seed) =>
        new ConformalEDetector({
          blockLength: 1,
          tolerance: 0,
          powerBets: true,
          startWeight: 1,
          clock: null,
          sides: 'both',
          seed,
        }),
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

/** Algorithm R as a rule. `tolerance`: how much worse errors may get before it is anybody's business. */
const oursOnErrors = (tolerance: number): Rule => ({
  name: `mlfi, risk e-detector${tolerance === 0 ? '' : `, tolerance ${tolerance}`}`,
  shipped: Math.log10(LINE),
  strictest: 12,
  make: (strictness, baseline) => {
    const mean = baseline.reduce((sum, x) => sum + x, 0) / baseline.length;
    const bound = riskBound({ units: baseline.length, mean, variance: 0, binary: true }, 0.05, tolerance);
    const detector = new RiskEDetector({ bound, variance: null, startWeight: 1, clock: null });
    let at = 0;
    return (value) => {
      detector.add(value, (at += 1));
      return detector.value >= 10 ** strictness;
    };
  },
});

const peers = process.env.MLFI_BENCH_PYTHON === undefined ? null : startPeers(process.env.MLFI_BENCH_PYTHON);
if (peers === null) console.log('NOTICE: river and frouros skipped; set MLFI_BENCH_PYTHON to a Python that has them');
const onValues = [...[ours, ...VALUE_RULES].map(inProcess), ...(peers?.values ?? [])];
const onErrors = [...[oursOnErrors(0), ...ERROR_RULES].map(inProcess), ...(peers?.errors ?? [])];

const alarmedShare = async (rule: Contestant, strictness: number, quiet: Runs): Promise<number> =>
  (await rule.firstAlarms(strictness, quiet)).filter(Number.isFinite).length / quiet.rows.length;

/** Strictness at which the rule alarms once in 10,000 quiet samples, by bisection; null when even the strictest does more. */
async function matched(rule: Contestant, quiet: Runs): Promise<number | null> {
  if (!rule.matchable || (await alarmedShare(rule, rule.strictest, quiet)) > MATCHED) return null;
  let low = 0;
  let high = rule.strictest;
  for (let step = 0; step < 10; step += 1) {
    const middle = (low + high) / 2;
    if ((await alarmedShare(rule, middle, quiet)) > MATCHED) low = middle;
    else high = middle;
  }
  return high;
}

/** Median delay after 500 quiet samples and misses within 3,000; runs that alarm before the change count as such. */
async function delays(rule: Contestant, strictness: number, changing: Runs): Promise<string> {
  const found = await rule.firstAlarms(strictness, changing);
  const early = found.filter((at) => at <= QUIET_BEFORE).length;
  const late = found.filter((at) => at > QUIET_BEFORE).map((at) => at - QUIET_BEFORE);
  const missed = late.filter((delay) => delay === Infinity).length;
  const text = late.length === 0 ? '–' : 2 * missed >= late.length ? 'missed' : String(median(late));
  return `${text}${missed > 0 ? ` (${missed} missed)` : ''}${early > 0 ? ` (${early} early)` : ''}`;
}

function row(cells: readonly string[]): void {
  console.log(cells.map((cell, i) => `${cell} `.padEnd(i === 0 ? 38 : 24)).join(''));
}

async function table(
  title: string,
  rules: readonly Contestant[],
  before: Draw,
  afters: readonly (readonly [string, Draw])[],
): Promise<void> {
  const quiet = makeRuns(QUIET_RUNS, 1, [
    [before, BASELINE],
    [before, QUIET],
  ]);
  const changing = afters.map(([, after]) =>
    makeRuns(RUNS, 5_000, [
      [before, BASELINE],
      [before, QUIET_BEFORE],
      [after, PATIENCE],
    ]),
  );
  console.log(`\n${title}`);
  row(['rule', 'quiet runs, as shipped', 'matched to', ...afters.map(([name]) => name)]);
  for (const rule of rules) {
    const shipped = await alarmedShare(rule, rule.shipped, quiet);
    const strictness = await matched(rule, quiet);
    const cells: string[] = [];
    for (const runs of changing)
      cells.push(
        strictness === null
          ? rule.matchable
            ? 'cannot be matched'
            : 'not matched'
          : await delays(rule, strictness, runs),
      );
    row([rule.name, `${(100 * shipped).toFixed(0)} % alarm in ${QUIET}`, strictness?.toFixed(2) ?? '–', ...cells]);
  }
  row(['always alarm', `100 % alarm in ${QUIET}`, '–', ...afters.map(() => 'all early')]);
  row(['never alarm', `0 % alarm in ${QUIET}`, '–', ...afters.map(() => 'missed')]);
}

const normal: Draw = (source) => source.normal();
const shifted =
  (by: number): Draw =>
  (source) =>
    source.normal() + by;
await table(
  `values, N(0,1), baseline ${BASELINE}, all matched to one false alarm in ${LINE} samples; median delay in samples`,
  onValues,
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
await table('errors, 10 % before', onErrors, wrong(0.1), [
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
await table('SEA, a model of the first concept (threshold 8)', onErrors, sea(8), [
  ['threshold 9', sea(9)],
  ['threshold 7', sea(7)],
  ['threshold 9.5', sea(9.5)],
]);

/** employment_MA: the error stream of a deployed model; see test/data. */
const errorsOf = (name: string): number[] =>
  gunzipSync(readFileSync(new URL(`../data/employment_MA/${name}.csv.gz`, import.meta.url)))
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => (line.endsWith(',1') ? 0 : 1));
const reference = errorsOf('reference');
const analysis = errorsOf('analysis');
const percent = (values: readonly number[]): string =>
  `${((100 * values.reduce((sum, x) => sum + x, 0)) / values.length).toFixed(1)} %`;
const STRETCH = 5_000;
const stretches = Array.from({ length: Math.floor(analysis.length / STRETCH) }, (_, i) => shareOf(i * STRETCH));
function shareOf(from: number): number {
  return analysis.slice(from, from + STRETCH).reduce((sum, error) => sum + error, 0) / STRETCH;
}
/** The one lasting change in it: the stretches around the worst one that lie above all others. */
const worst = stretches.indexOf(Math.max(...stretches));
const usual = [...stretches].sort((a, b) => a - b)[stretches.length - 4] ?? 0;
let [first, last] = [worst, worst];
while ((stretches[first - 1] ?? 0) > usual) first -= 1;
while ((stretches[last + 1] ?? 0) > usual) last += 1;
const [from, to] = [first * STRETCH, (last + 1) * STRETCH];
console.log(
  `\nemployment_MA: ${analysis.length} labelled answers of a deployed model after ${reference.length}; errors ${percent(reference)} before, ${percent(analysis.slice(0, from))} at first, ${percent(analysis.slice(from, to))} from answer ${from} to ${to}, ${percent(analysis.slice(to))} after; rules as shipped, started anew after each alarm`,
);
row(['rule', 'alarms before', 'seen after', 'alarms after']);
for (const rule of [oursOnErrors(0.03), oursOnErrors(0), ...ERROR_RULES]) {
  let changed = rule.make(rule.shipped, reference);
  const alarms: number[] = [];
  analysis.forEach((error, at) => {
    if (!changed(error)) return;
    alarms.push(at);
    changed = rule.make(rule.shipped, reference);
  });
  const seen = alarms.find((at) => at >= from && at < to);
  row([
    rule.name,
    String(alarms.filter((at) => at < from).length),
    seen === undefined ? 'missed' : `${seen - from} answers`,
    String(alarms.filter((at) => at >= to).length),
  ]);
}
peers?.close();
