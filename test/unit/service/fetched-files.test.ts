import { expect, it } from 'vitest';
import { unsigned } from '../../../exporter/src/service/fetched-files.js';

it('takes an address that is signed anew for the same place, and another parameter for another', () => {
  const of = (query: string): string => unsigned(`https://files.example.org/a.csv?${query}`);
  expect(of('sv=1&st=2026-01&sig=a')).toBe(of('sv=2&st=2026-02&sig=b'));
  expect(of('X-Amz-Date=1')).toBe(of('X-Amz-Date=2'));
  expect(of('st=2026-01')).not.toBe(of('st=2026-02'));
});
