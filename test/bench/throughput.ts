/**
 * How fast one core folds prediction logs of a model with 20 features into counts and e-detectors, next to the time
 * JSON.parse takes for the same events. Run: npm run bench:throughput
 */
import { DriftMonitor } from '../../exporter/src/detection/sequential/drift-monitor.js';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../exporter/src/domain/alert-evidence.js';
import { streams } from '../accuracy/streams.js';

const FEATURES = 20;
const ROWS = 50_000;
const ROUNDS = 6;
const AIM = 3_000_000;

const source = streams(1);
const rows: Observation[] = Array.from({ length: ROWS }, (_, i) => ({
  atMs: 1e12 + i,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features: Object.fromEntries(Array.from({ length: FEATURES }, (_, j) => [`feature_${j}`, source.normal()])),
  prediction: source.uniform() < 0.3 ? 'yes' : 'no',
  confidence: source.uniform(),
  latencySeconds: 0.01 + 0.01 * source.uniform(),
  failure: null,
  label: null,
  modelVersion: null,
}));
const lines = rows.map((row) => JSON.stringify(row));

const monitor = new DriftMonitor('bench', DEFAULT_FALSE_PAGE_BUDGET, (text) => text);
let builder = createWindowBuilder();
function fold(row: Observation): void {
  builder.add(row);
  monitor.observe(row);
}
for (let i = 0; i < 1_000_000 / FEATURES; i += 1) {
  const row = rows[i % ROWS];
  if (row !== undefined) fold(row);
  if (i % 1_000 === 0) monitor.settle(row?.atMs ?? 0, 200);
}
monitor.startWatching();

/** Seconds of processor time, so that a busy machine does not count; garbage collection does. */
function timed(work: () => void): number {
  const from = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

global.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
let foldSeconds = Infinity;
let countSeconds = Infinity;
let parseSeconds = Infinity;
let checksum = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  builder = createWindowBuilder({ like: builder.build() });
  foldSeconds = Math.min(
    foldSeconds,
    timed(() => rows.forEach(fold)),
  );
  const counting = createWindowBuilder({ like: builder.build() });
  countSeconds = Math.min(
    countSeconds,
    timed(() => rows.forEach((row) => counting.add(row))),
  );
  parseSeconds = Math.min(
    parseSeconds,
    timed(() => {
      for (const line of lines) checksum += (JSON.parse(line) as Observation).atMs > 0 ? 1 : 0;
    }),
  );
}
const values = ROWS * FEATURES;
const perSecond = (seconds: number): string => `${(values / seconds / 1e6).toFixed(2)} M values/s`;
const state = JSON.stringify(monitor.snapshot()).length;
console.log(`${ROWS} rows × ${FEATURES} features, best of ${ROUNDS} rounds, one core, Node ${process.versions.node}`);
console.log(
  `counts and e-detectors  ${perSecond(foldSeconds)}   (aim ${AIM / 1e6} M; ratio to aim ${(values / foldSeconds / AIM).toFixed(2)})`,
);
console.log(`counts alone            ${perSecond(countSeconds)}`);
console.log(
  `JSON.parse of the same  ${perSecond(parseSeconds)}   (folding takes ${(foldSeconds / parseSeconds).toFixed(2)} × as long)`,
);
console.log(
  `stored e-detector state ${(state / FEATURES).toFixed(0)} bytes a feature; heap grew by ${((process.memoryUsage().heapUsed - heapBefore) / 1e6).toFixed(1)} MB over ${ROUNDS} rounds (${checksum})`,
);
