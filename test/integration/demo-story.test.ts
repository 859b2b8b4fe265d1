import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runDemo } from '../../exporter/demo/run-demo.js';
import type { Clock } from '../../exporter/src/domain/ports.js';
import { startService } from '../../exporter/src/service/start.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../exporter/src/system/system-clock.js';

/** The story's clock runs so much faster than this machine's. */
const SPEED = 4;
const WIDTH = 60;

const directory = mkdtempSync(join(tmpdir(), 'mlfi-story-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('the demo tells its story to the end: each chapter once, and only what came true', async () => {
  const begunMs = Date.now();
  const clock: Clock = {
    now: () => begunMs + (Date.now() - begunMs) * SPEED,
    sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
  };
  const lines: string[] = [];
  const code = await runDemo(
    { dataDirectory: directory, port: 0, once: false, onceSamples: 0, onceTimeoutMs: 0, approves: true, width: WIDTH },
    {
      clock,
      random: seededRandom('demo'),
      screen: { print: (printed) => void lines.push(...printed), show: () => undefined },
      startService: (config, options) => startService(config, { ...options, clock }),
      keyboard: null,
      stop: new AbortController().signal,
    },
  );
  const text = lines.join('\n');
  expect(code, text).toBe(0);
  expect(lines.flatMap((line) => /^── (\d · .*?) ─/.exec(line)?.[1] ?? [])).toEqual([
    '1 · A healthy model',
    '2 · A unit changes',
    '3 · mlfi notices',
    '4 · It names the cause',
    '5 · A plan, and a person',
    '6 · The repair',
    '7 · Did it help?',
    '8 · Remembered',
  ]);
  const told = text.replaceAll(/\s+/g, ' ');
  expect(told).toContain('Unit or scale change in “hours-per-week”');
  expect(told).toContain('That is what was done to it.');
  expect(told).toContain('The webhook was taken: the receiver answered 200. The pipeline multiplies no more.');
  expect(told).toMatch(/recovered: .* stayed clear for/);
  // Where a busy machine changed something else meanwhile, the incident may stay open, and that is told.
  expect(told).toMatch(
    /Against unit-change, fix-pipeline has helped in 1 of 1 case|The incident is still open; what helped/,
  );
  // Commands and addresses are not broken; all that is told keeps to the terminal.
  for (const line of lines.filter((line) => !/https?:|node exporter|\{"/.test(line)))
    expect(line.length, line).toBeLessThan(WIDTH);
}, 420_000);
