import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NOTE_REASONS, REFUSAL_REASONS } from '../../../exporter/src/domain/ingest.js';
import { SETUP_KINDS } from '../../../exporter/src/domain/setup-problem.js';

const page = readFileSync('docs/troubleshooting.md', 'utf8');
const sendingLogs = readFileSync('docs/sending-logs.md', 'utf8');
const sources = [...globSync('exporter/src/**/*.ts'), ...globSync('grafana-plugin/src/**/*.{ts,tsx}')]
  .filter((file) => !file.includes('.test.'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

/** Quoted in the first column, where it has a blank: a name has none. */
const quoted = [...page.matchAll(/^\| (`[^|]+`) +\|/gm)]
  .flatMap(([, cell]) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? ''))
  .filter((text) => text.includes(' '));

describe('troubleshooting by message', () => {
  it('knows each thing that keeps mlfi from a first answer', () => {
    expect(SETUP_KINDS.filter((kind) => !page.includes(`| \`${kind}\``))).toEqual([]);
  });

  it('knows each note, and sends to the list of refusals', () => {
    expect(NOTE_REASONS.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
    expect(REFUSAL_REASONS.filter((r) => r !== 'unspecified' && !sendingLogs.includes(`\`${r}\``))).toEqual([]);
  });

  it('quotes what mlfi and its plugin really say', () => {
    expect(quoted.length).toBeGreaterThan(12);
    expect(quoted.filter((text) => !sources.includes(text))).toEqual([]);
  });
});
