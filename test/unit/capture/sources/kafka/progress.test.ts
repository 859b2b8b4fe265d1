import { expect, it } from 'vitest';
import { Progress } from '../../../../../exporter/src/capture/sources/kafka/progress.js';

const place = (offset: number) => ({ topic: 't', partition: 0, offset });
const read = (progress: Progress, ...offsets: readonly number[]): void => {
  for (const offset of offsets) progress.reached({ ...place(offset + 1), log: 'l' });
};
const told = (progress: Progress, first: number, committed: number | null = 0): number =>
  progress.deleted([{ ...place(1_000), first, committed }]).reduce((sum, { records }) => sum + records, 0);

it('tells what was deleted before an assignment began, once something behind it is read', () => {
  const progress = new Progress();
  read(progress, 4, 5);
  expect([told(progress, 4), told(progress, 4)]).toEqual([4, 0]);
});

it('tells what was deleted while it was read, and nothing that had been fetched before', () => {
  const progress = new Progress();
  read(progress, 0, 1, 2);
  expect(told(progress, 0)).toBe(0);
  expect(told(progress, 50)).toBe(0);
  read(progress, 3, 4, 50);
  expect([told(progress, 50), told(progress, 50)]).toEqual([45, 0]);
});

it('tells what was deleted where nothing came since, by the second look; of an assignment after it, not again', () => {
  const deletedUpTo = new Map<string, number>();
  const progress = new Progress(deletedUpTo);
  read(progress, 0);
  expect([told(progress, 0), told(progress, 900), told(progress, 900), told(progress, 900)]).toEqual([0, 0, 899, 0]);
  const after = new Progress(deletedUpTo);
  expect([told(after, 900, 1), told(after, 900, 1), told(after, 900, 1)]).toEqual([0, 0, 0]);
});

it('tells nothing of records that were fetched before and are still read, however slowly', () => {
  const progress = new Progress();
  read(progress, 0, 1);
  expect([told(progress, 0), told(progress, 10)]).toEqual([0, 0]);
  read(progress, 2);
  expect(told(progress, 10)).toBe(0);
  read(progress, 3, 4, 5, 6, 7, 8, 9, 10);
  expect([told(progress, 10), told(progress, 10)]).toEqual([0, 0]);
});

it('tells nothing of a partition that was read behind its beginning, or never', () => {
  const progress = new Progress();
  read(progress, 7);
  expect([told(progress, 0, 7), told(progress, 5, 7)]).toEqual([0, 0]);
  const unread = new Progress();
  expect([told(unread, 50, null), told(unread, 50, null)]).toEqual([0, 0]);
});
