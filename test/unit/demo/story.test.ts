import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bar, chapterHeading, histogramLines, listed, told } from '../../../exporter/demo/chapters.js';
import { terminalKeyboard } from '../../../exporter/demo/keyboard.js';
import { MENU } from '../../../exporter/demo/menu.js';
import { plainScreen, terminalScreen } from '../../../exporter/demo/screen.js';
import { learningText } from '../../../exporter/demo/story.js';
import { startDemoModels } from '../../../exporter/demo/server.js';
import { faultFrom, FAULT_KINDS } from '../../../exporter/demo/tabular/faults.js';
import type { NumericCounts } from '../../../exporter/src/domain/profile.js';
import { cellOf, gridFor } from '../../../exporter/src/statistics/grid.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { smallTabular } from './small-tabular.js';

const DEMO = join(import.meta.dirname, '../../../exporter/demo');

function countsOf(values: readonly number[]): NumericCounts {
  const grid = gridFor('feature:x', values[0] ?? 0);
  const cells = new Map<number, number>();
  for (const value of values) cells.set(cellOf(grid, value), (cells.get(cellOf(grid, value)) ?? 0) + 1);
  return { kind: 'numeric', grid, cells, missing: 0, invalid: 0 };
}

it('says that learning began anew where fewer calls count than before', () => {
  const after = (samples: number): string =>
    learningText(
      {
        learning: { verdict: { kind: 'learning', samples, requiredSamples: 200, missing: ['more'] } },
        totalSamples: 437,
      },
      111,
    );
  expect(after(111)).toBe('learnt from 111 of at least 200 calls; 437 seen');
  expect(after(0)).toBe('learning began anew: learnt from 0 of at least 200 calls; 437 seen');
  expect(after(200)).toBe('learning: more');
});

it('a point of a list stands below its own words', () => {
  expect(listed('one two three four', 16)).toEqual(['  · one two', '    three four']);
});

describe('the recording in the README', () => {
  const file = join(DEMO, '../../docs/screenshots/demo.svg');

  it('is of the story as it is told: npm run demo:record makes it anew', () => {
    const recording = readFileSync(file, 'utf8');
    const story = readFileSync(join(DEMO, 'story.ts'), 'utf8');
    const titles = [...story.matchAll(/chapter\('([^']+)'\)/g)].map(([, title]) => title ?? '');
    expect(titles).toHaveLength(8);
    for (const title of titles) expect(recording).toContain(`· ${title} ─`);
  });

  it('is small, has both colours, and no key of the run', () => {
    expect(statSync(file).size).toBeLessThanOrEqual(200_000);
    const recording = readFileSync(file, 'utf8');
    expect(recording).toContain('prefers-color-scheme:dark');
    expect(recording).not.toMatch(/mlfi_[A-Za-z0-9]|MLFI_TOKEN|\/(?:root|home|work)\//);
  });
});

describe('the pictures of the story', () => {
  it('fill a bar with the share, and never say the line is reached before it is', () => {
    expect(bar(0)).toBe(`${'░'.repeat(20)} 0 %`);
    expect(bar(0.5)).toBe(`${'█'.repeat(10)}${'░'.repeat(10)} 50 %`);
    expect(bar(0.999)).toBe(`${'█'.repeat(19)}░ 99 %`);
    expect(bar(7)).toBe(`${'█'.repeat(20)} 100 %`);
  });

  it('show a change of unit as a shift on one logarithmic axis', () => {
    const hours = [20, 35, 40, 40, 40, 45, 60];
    const lines = histogramLines('hours', countsOf(hours), countsOf(hours.map((hour) => hour * 100)), 60);
    const rowOf = (label: string): string => lines.find((line) => line.trimStart().startsWith(`${label} `)) ?? '';
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain('the evaluated window (7 values), logarithmic axis:');
    const [before, now] = [rowOf('before').indexOf('█'), rowOf('now').indexOf('█')];
    expect(before).toBeGreaterThan(0);
    expect(now).toBeGreaterThan(before + 20);
    expect(lines.at(-1)).toMatch(/^ +20 +6000$/);
    for (const line of lines) expect(line.length).toBeLessThan(60);
  });

  it('keep a linear axis where values are close or not positive, and show nothing without values', () => {
    const text = histogramLines('x', countsOf([-5, 0, 5]), countsOf([0, 5, 10]), 80).join(' ');
    expect(text).not.toContain('logarithmic');
    expect(histogramLines('x', countsOf([1]), { ...countsOf([1]), cells: new Map() }, 80)).toEqual([]);
    expect(histogramLines('x', countsOf([3]), countsOf([3]), 80).join('')).toContain('█');
  });

  it('stay inside a terminal of 60 columns', () => {
    for (const line of [...chapterHeading(4, 'It names the cause', 60), ...told('word '.repeat(50), 60)])
      expect(line.length).toBeLessThan(60);
  });
});

describe('the live line of the story', () => {
  it('has no header, and goes away', () => {
    const written: string[] = [];
    const terminal = terminalScreen({ isTTY: true, columns: 80, write: (text) => written.push(text) });
    terminal.show('', ['  learning'], 0);
    terminal.show('', [], 1);
    expect(written).toEqual(['\n  learning\n', '\u001b[2A\u001b[0J']);
    const log: string[] = [];
    const plain = plainScreen({ write: (text) => log.push(text) }, 1_000);
    plain.show('', ['  learning'], 0);
    plain.show('', [], 5_000);
    expect(log).toEqual(['  learning\n']);
  });
});

describe('the keyboard', () => {
  it('passes on keys, takes Ctrl-C for an interrupt, and gives the terminal back', () => {
    const listeners = new Set<(text: string) => void>();
    const raw: boolean[] = [];
    const input = {
      setRawMode: (isRaw: boolean) => raw.push(isRaw),
      setEncoding: () => undefined,
      on: (_: 'data', listener: (text: string) => void) => listeners.add(listener),
      off: (_: 'data', listener: (text: string) => void) => listeners.delete(listener),
      resume: () => undefined,
      pause: () => undefined,
    };
    let interrupts = 0;
    const keyboard = terminalKeyboard(input, () => (interrupts += 1));
    const keys: string[] = [];
    keyboard.listen((key) => keys.push(key));
    for (const listener of listeners) listener('Yn\u0003');
    expect(keys).toEqual(['y', 'n']);
    expect(interrupts).toBe(1);
    keyboard.close();
    expect([listeners.size, raw]).toEqual([0, [true, false]]);
  });
});

describe('the menu', () => {
  it('offers every fault by a key of its own, each one the model server knows', () => {
    expect(MENU.map(([, kind]) => kind)).toEqual(FAULT_KINDS);
    expect(new Set(MENU.map(([key]) => key)).size).toBe(MENU.length);
    for (const [, kind] of MENU) expect(faultFrom(kind)?.kind).toBe(kind);
  });
});

it('the repair undoes a fault of the data, and leaves one of the model', async () => {
  const models = await startDemoModels({
    port: 0,
    clock: systemClock,
    random: seededRandom(1),
    tabular: smallTabular(),
  });
  try {
    const mended = async (kind: string): Promise<unknown> => {
      models.switches.set(faultFrom(kind) ?? { kind: 'none' });
      const response = await fetch(models.mendUrl, { method: 'POST', body: '{}' });
      return [await response.json(), models.switches.get().kind];
    };
    expect(await mended('unit_change')).toEqual([{ mended: 'unit_change' }, 'none']);
    expect(await mended('null_flood')).toEqual([{ mended: 'null_flood' }, 'none']);
    expect(await mended('model_swapped')).toEqual([{ mended: null }, 'model_swapped']);
  } finally {
    await models.close();
  }
});

it('npm run demo -- --help says what the options are, and builds and installs nothing', () => {
  const env = { ...process.env, COLUMNS: undefined };
  const own = execFileSync(process.execPath, ['--import', 'tsx', join(DEMO, 'demo.ts'), '--help'], {
    encoding: 'utf8',
    env,
  });
  // No npm and no compiler can be found in this path.
  const told = execFileSync(process.execPath, [join(DEMO, 'launch.mjs'), '--help'], {
    encoding: 'utf8',
    env: { ...env, PATH: '' },
  });
  expect(told).toBe(own);
});
