import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { isSameBatch } from '../../../exporter/src/domain/ingest.js';
import { batchDigest } from '../../../exporter/src/domain/batch-identity.js';
import { saidOfFields } from '../../../exporter/src/http/routes/observations.js';

const BODY = 'a,prediction\n1,yes\n';
const sha256 = (of: string): string => createHash('sha256').update(of).digest('hex');
const digest = (type: string, route: 'observations' | 'labels' = 'observations', map?: string): string =>
  batchDigest(BODY, route, saidOfFields(map), type);

it('knows a table again whose digest an earlier release has stored', () => {
  const earlier = `${sha256(BODY)}:${sha256(JSON.stringify(['observations', []]))}`;
  expect(isSameBatch(digest('text/csv'), earlier)).toBe(true);
  expect(isSameBatch(earlier, digest('text/csv'))).toBe(true);
  expect(isSameBatch(digest('text/csv'), sha256(BODY))).toBe(true);
  expect(isSameBatch(digest('text/csv', 'labels'), earlier)).toBe(false);
});

it('tells the same body from itself where it is read otherwise', () => {
  expect(isSameBatch(digest('text/csv'), digest('text/csv; charset=utf-8'))).toBe(true);
  for (const other of [
    digest('application/json'),
    digest('text/csv', 'labels'),
    digest('text/csv', undefined, 'a:ignore'),
  ])
    expect(isSameBatch(digest('text/csv'), other)).toBe(false);
});
