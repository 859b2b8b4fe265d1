import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { streams, type Streams } from '../accuracy/streams.js';

export type Draw = (source: Streams) => number;

/** Seeded runs of one course: the same numbers for every rule, in memory for ours and in a file for the peers'. */
export interface Runs {
  readonly rows: readonly Float64Array[];
  readonly file: string;
  /** Values at the start of each run that belong to the baseline. */
  readonly baseline: number;
}

const folder = mkdtempSync(join(tmpdir(), 'mlfi-bench-'));

/**
 * @param course what is drawn, in order, and how often; the first part is the baseline
 * @param firstSeed seeds are `firstSeed`, `firstSeed` + 1, …
 */
export function makeRuns(
  count: number,
  firstSeed: number,
  course: readonly (readonly [draw: Draw, samples: number])[],
): Runs {
  const length = course.reduce((sum, [, samples]) => sum + samples, 0);
  const all = new Float64Array(count * length);
  for (let run = 0; run < count; run += 1) {
    const source = streams(firstSeed + run);
    let at = run * length;
    for (const [draw, samples] of course) for (let i = 0; i < samples; i += 1) all[at++] = draw(source);
  }
  const file = join(folder, `${firstSeed}-${count}-${length}-${Math.abs(checksum(all))}.f64`);
  writeFileSync(file, Buffer.from(all.buffer));
  return {
    rows: Array.from({ length: count }, (_, run) => all.subarray(run * length, (run + 1) * length)),
    file,
    baseline: course[0]?.[1] ?? 0,
  };
}

function checksum(values: Float64Array): number {
  let h = 0;
  for (const byte of new Uint8Array(values.buffer)) h = (Math.imul(h, 31) + byte) | 0;
  return h;
}
