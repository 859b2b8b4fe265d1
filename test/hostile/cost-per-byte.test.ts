import { describe, expect, it } from 'vitest';
import { parseBatch } from '../../exporter/src/capture/ingest/parse.js';
import { NDJSON, ordinary, SHAPES } from '../fixtures/adversarial-bodies.js';
import { createWindowBuilder } from '../../exporter/src/statistics/window-profile.js';

const NOW = Date.UTC(2026, 10, 28, 12);
/** A batch may cost this many times what an ordinary one of as many bytes does. */
const MOST = 5;
/** Microseconds of processor time per byte, the best of a few runs: parsed and counted. */
function costOf(body: string, type: string): number {
  const bytes = Buffer.byteLength(body);
  let best = Infinity;
  for (let run = 0; run < 4; run += 1) {
    const before = process.cpuUsage();
    const builder = createWindowBuilder();
    for (const observation of parseBatch(body, type, NOW).observations) builder.add(observation);
    builder.build();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / bytes);
  }
  return best;
}

describe('the cost of a byte', () => {
  for (let warm = 0; warm < 3; warm += 1) costOf(ordinary, NDJSON);

  it.each(Object.entries(SHAPES))('%s: at most 5 times that of an ordinary batch', (name, [body, type]) => {
    expect(Buffer.byteLength(body)).toBeGreaterThan(90_000);
    // Others share the processor and its caches: each is measured at its best, in turn with the other.
    let [dear, plain] = [Infinity, Infinity];
    for (let attempt = 0; attempt < 12 && (attempt === 0 || dear >= MOST * plain); attempt += 1) {
      plain = Math.min(plain, costOf(ordinary, NDJSON));
      dear = Math.min(dear, costOf(body, type));
    }
    const ratio = dear / plain;
    if (process.env['MLFI_SHOW_COSTS'] !== undefined)
      process.stdout.write(`${ratio.toFixed(2).padStart(8)}  ${name}\n`);
    expect(ratio).toBeLessThan(MOST);
  });
});
