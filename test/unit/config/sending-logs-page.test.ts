import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KNOWN_FIELDS } from '../../../exporter/src/capture/ingest/field-roles.js';
import { REFUSAL_REASONS } from '../../../exporter/src/domain/ingest.js';

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/sending-logs.md'), 'utf8');

/** Names in code in the first column of the table with this header. */
function firstColumn(header: string): string[] {
  const table = PAGE.slice(PAGE.indexOf(`| ${header} `)).split('\n\n')[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? ''));
}

describe('the page about sending logs', () => {
  it('has every field mlfi knows by its own names, and no other', () => {
    expect(firstColumn('field').sort()).toEqual([...KNOWN_FIELDS].sort());
  });

  it('has every reason for which a row is refused, and no other', () => {
    const reasons = REFUSAL_REASONS.filter((reason) => reason !== 'unspecified');
    expect(firstColumn('reason').sort()).toEqual([...reasons].sort());
  });
});
