/** Cost of an investigation, beside the published figures: `npx tsx test/bench/rca-performance.ts`. Never fails by the clock. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { goldenEvidence } from '../../exporter/src/detection/golden.js';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';
import type { FeatureEvidence } from '../../exporter/src/domain/symptoms.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import type { BaselineProfile, WindowProfile } from '../../exporter/src/domain/profile.js';
import { cohortShapley } from '../../exporter/src/rca/attribution/cohort-shapley.js';
import { createModelCaller } from '../../exporter/src/rca/attribution/model-caller.js';
import { diagnose } from '../../exporter/src/rca/diagnose.js';
import { symptomsOf } from '../../exporter/src/rca/symptoms/symptoms-of.js';
import type { RowAnalysis } from '../../exporter/src/domain/row-analysis.js';
import { analyseRows, type RowAnalysisInput } from '../../exporter/src/rca/row-analysis.js';
import { rowPieces } from '../../exporter/src/rca/row-pieces.js';
import type { RowPiece } from '../../exporter/src/rca/row-analysis-worker.js';
import { sliceLine } from '../../exporter/src/rca/segments/slice-line.js';
import { createAnalysisPool } from '../../exporter/src/system/analysis-pool.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { stateOf } from '../unit/detection/rows.js';
import { adultRows } from '../unit/rca/adult.js';

const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(2);

const { table, errors } = adultRows();
for (const maximumLevel of [2, 3]) {
  const from = performance.now();
  const { evaluated } = sliceLine(table, errors, {
    alpha: 0.95,
    minimumRows: Math.ceil(table.rows / 100),
    top: 10,
    maximumLevel,
  });
  console.log(
    `SliceLine, Adult (${table.rows} × ${table.columns.length}), level ${maximumLevel}: ${seconds(from)} s, slices counted ${evaluated.join(' / ')} — bar 2 s at level 3; 0.7 s in numpy, 4.9–5.8 s all levels in SystemDS`,
  );
}

/** 100 features, half of them categories; confidence falls by 0.3 in one segment. */
function traffic(rows: number, seed: number, fall: number): Observation[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, (_, atMs): Observation => {
    const features: Record<string, number | string> = {};
    for (let f = 0; f < 100; f += 1)
      features[`f${f}`] = f % 2 === 0 ? random.next() : `c${Math.floor(6 * random.next())}`;
    const hit = features['f1'] === 'c2' && features['f3'] === 'c4';
    return {
      atMs,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features,
      prediction: 'yes',
      confidence: 0.8 + 0.1 * (random.next() - 0.5) - (hit ? fall : 0),
      latencySeconds: null,
      failure: null,
      label: null,
      modelVersion: null,
    };
  });
}

const moved: FeatureEvidence = {
  feature: 'f1',
  kind: 'categorical',
  samples: 100_000,
  distance: 0.1,
  meanShift: null,
  spreadRatio: null,
  missingBefore: 0,
  missingNow: 0,
  absentNow: 0,
  invalidBefore: 0,
  invalidNow: 0,
  unseenShare: 0,
  reported: true,
  minusLog10P: 20,
  changed: true,
  hint: null,
};
const input: RowAnalysisInput = {
  baselineRows: traffic(20_000, 1, 0),
  rows: traffic(100_000, 2, 0.3),
  features: [moved],
  modelChanged: null,
  experiment: null,
  attributions: [],
};
const inline = performance.now();
const told = analyseRows(input);
console.log(
  `Segments, decomposition, contrasts and a copy of the model (R² ${told.surrogate?.rSquared.toFixed(2) ?? 'none'}), 100,000 × 100: ${seconds(inline)} s on one thread, found "${told.segments[0]?.predicate ?? 'nothing'}" — bar 10 s`,
);

const root = new URL('../../exporter/src/', import.meta.url);
const pool = createAnalysisPool<RowPiece, RowAnalysis>(new URL('rca/row-analysis-worker', root), import.meta.url);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const aside = performance.now();
const same = await pool.run(rowPieces(input));
delay.disable();
console.log(
  `The same in a worker thread: ${seconds(aside)} s, event loop held up at most ${(delay.max / 1e6).toFixed(0)} ms, p99 ${(delay.percentile(99) / 1e6).toFixed(0)} ms — bar 20 ms; same result: ${JSON.stringify(same) === JSON.stringify(told)}`,
);
await pool.close();

/** What is left to the event loop at an evaluation: from the counts, with the rows already analysed. */
function onTheLoop(rows: number): string {
  const before = input.baselineRows.slice(0, rows);
  const now = input.rows.slice(0, rows);
  const counted = (some: readonly Observation[], like?: WindowProfile): WindowProfile => {
    const builder = createWindowBuilder(like === undefined ? {} : { like });
    for (const row of some) builder.add(row);
    return builder.build();
  };
  const profile = counted(before);
  const window = counted(now, profile);
  const baseline: BaselineProfile = {
    version: 1,
    frozen: false,
    admittedAtMs: 0,
    profile,
    golden: [],
    bins: new Map(),
  };
  const gathering = performance.now();
  const state = { ...stateOf(null, now), baseline, window, baselineRows: before, rowAnalysis: told };
  const evidence = symptomsOf(state, { findings: [], blindSpots: [], golden: goldenEvidence([], []) }, 1);
  diagnose(evidence);
  return `${(performance.now() - gathering).toFixed(0)} ms`;
}
onTheLoop(1_000);
console.log(
  `Left to the event loop at an evaluation, 100 features: ${onTheLoop(5_000)} with 5,000 rows kept (the default), ${onTheLoop(20_000)} with 20,000`,
);

const logged = (rows: readonly Observation[]): { features: NonNullable<Observation['features']>; output: number }[] =>
  rows.flatMap(({ features, confidence }) =>
    features === null || confidence === null ? [] : [{ features, output: confidence }],
  );
const model = (features: NonNullable<Observation['features']>): number =>
  0.8 - (features['f1'] === 'c2' && features['f3'] === 'c4' ? 0.3 : 0);
const asking = performance.now();
const caller = createModelCaller(
  (features) => Promise.resolve(model(features)),
  { calls: 512, pauseMs: 0, failuresInRow: 3 },
  () => Promise.resolve(),
);
const { experiment } = await cohortShapley(
  {
    before: logged(input.baselineRows),
    now: logged(input.rows),
    players: ['f1', 'f3', 'f0', 'f2', 'f4'],
    atMs: 0,
    output: 'confidence',
    callsBudget: 512,
  },
  caller,
  seededRandom(3),
);
console.log(
  `Cohort Shapley, 5 suspects: ${experiment.calls} of 512 calls, ${experiment.pairs} comparisons, ${seconds(asking)} s without the model's own time`,
);
