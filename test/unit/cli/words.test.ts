import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { configCheck } from '../../../exporter/src/cli/config-check.js';
import { init } from '../../../exporter/src/cli/init.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'mlfi-words-'));
const printed = (): string[] => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  return lines;
};
afterEach(() => vi.restoreAllMocks());

describe('mlfi init', () => {
  it('writes a file that does not tell to copy it to where it is', () => {
    const file = join(folder(), 'mlfi.yml');
    printed();
    expect(init(file, false)).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/Copy to mlfi\.yml/);
    expect(text).toMatch(/^# Configuration of mlfi\. Keep what you change/);
  });
});

describe('mlfi config check', () => {
  it('says what it checked and what not', async () => {
    const file = join(folder(), 'mlfi.yml');
    writeFileSync(file, 'models: [{ id: fraud }]\n');
    const lines = printed();
    const tryModels = (): Promise<void> => Promise.resolve();
    expect(await configCheck({ tryModels }, file, false)).toBe(0);
    expect(lines.join('\n')).toMatch(
      /every key and value is valid \(1 model, .*Not checked: models \(--online asks them\) and the store\./,
    );
  });
});
