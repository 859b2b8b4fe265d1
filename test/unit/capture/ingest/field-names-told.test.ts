import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FIELD_NAMES } from '../../../../exporter/src/capture/ingest/field-roles.js';

it('docs/sending-logs.md lists every name that is understood', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/sending-logs.md'), 'utf8');
  const names = FIELD_NAMES.flatMap(([, all]) => all);
  expect(names.length).toBeGreaterThan(60);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
