/**
 * A drift report on 1,000,000 rows × 20 features against a baseline of the same size: folding into counts and comparing
 * every feature, next to Evidently and whylogs on the same machine. Run:
 *   python3 -m venv /tmp/peers && /tmp/peers/bin/pip install evidently==0.7.23 whylogs==1.6.4
 *   MLFI_BENCH_PYTHON=/tmp/peers/bin/python npx tsx test/bench/window-report.ts
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { compareNumeric } from '../../exporter/src/statistics/compare.js';
import { quantileBins } from '../../exporter/src/statistics/signal-counts.js';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';
import type { Observation } from '../../exporter/src/domain/observation.js';
import type { WindowProfile } from '../../exporter/src/domain/profile.js';
import { streams } from '../accuracy/streams.js';

const ROWS = Number(process.env.MLFI_BENCH_ROWS ?? 1_000_000);
const FEATURES = 20;
const names = Array.from({ length: FEATURES }, (_, i) => `feature_${i}`);
const source = streams(1);
const CHUNK = 20_000;

let foldSeconds = 0;
/** Rows are made outside the clock, folded inside it. */
function fold(like?: WindowProfile): WindowProfile {
  const builder = createWindowBuilder(like === undefined ? {} : { like });
  for (let done = 0; done < ROWS; done += CHUNK) {
    const rows: Observation[] = Array.from({ length: Math.min(CHUNK, ROWS - done) }, () => ({
      atMs: 1,
      source: 'ingest',
      predictionId: null,
      goldenId: null,
      features: Object.fromEntries(names.map((name) => [name, source.normal()])),
      prediction: null,
      confidence: null,
      latencySeconds: null,
      failure: null,
      label: null,
      modelVersion: null,
    }));
    const from = performance.now();
    for (const row of rows) builder.add(row);
    foldSeconds += (performance.now() - from) / 1_000;
  }
  return builder.build();
}

const before = fold();
foldSeconds = 0;
const now = fold(before);
const from = performance.now();
let moved = 0;
for (const name of names) {
  const a = before.signals.get(`feature:${name}`);
  const b = now.signals.get(`feature:${name}`);
  if (a?.kind !== 'numeric' || b?.kind !== 'numeric') continue;
  if (compareNumeric(a, b, quantileBins(a, 64)).ksStatistic > 0.1) moved += 1;
}
const compareSeconds = (performance.now() - from) / 1_000;
const ours = foldSeconds + compareSeconds;
console.log(`${ROWS} rows × ${FEATURES} features, one core, Node ${process.versions.node}; ${moved} features drifted`);
console.log(
  `mlfi       ${ours.toFixed(2)} s   (fold ${foldSeconds.toFixed(2)} s, compare ${(1_000 * compareSeconds).toFixed(0)} ms; a stored window is only compared)`,
);

const python = process.env.MLFI_BENCH_PYTHON;
if (python === undefined)
  console.log('NOTICE: peers skipped; set MLFI_BENCH_PYTHON to a Python with evidently and whylogs');
else {
  const peers = spawnSync(python, [join(import.meta.dirname, 'window_report.py'), String(ROWS), String(FEATURES)], {
    encoding: 'utf8',
    timeout: 1_800_000,
  });
  for (const line of peers.stdout.split('\n').filter((text) => text.startsWith('{'))) {
    const peer = JSON.parse(line) as { tool: string; seconds?: number; error?: string };
    console.log(
      peer.seconds === undefined
        ? `${peer.tool.padEnd(10)} failed: ${peer.error ?? ''}`
        : `${peer.tool.padEnd(10)} ${peer.seconds.toFixed(2)} s   (${(peer.seconds / ours).toFixed(1)} × as long)`,
    );
  }
}
