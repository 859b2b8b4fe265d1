import { expect, it } from 'vitest';
import { EventClock } from '../../../exporter/src/monitoring/event-clock.js';
import { PendingRows } from '../../../exporter/src/monitoring/pending-rows.js';

const T0 = 1e12;

/** Milliseconds of CPU that handing out so many labels takes, and the times they were handed out with. */
function handedOut(count: number): { readonly tookMs: number; readonly times: readonly number[] } {
  const pending = new PendingRows(new EventClock(), 'salt');
  for (let i = 0; i < count; i += 1)
    pending.addLabel(
      {
        label: { kind: 'class', correct: true, confidenceTenth: 5 },
        predictedAtMs: T0 + i,
        atMs: T0 + i,
        answeredAtMs: null,
      },
      T0 + count,
    );
  const before = process.cpuUsage();
  const times = [...pending.rest()].flatMap((step) => (step.kind === 'label' ? [step.judged.predictedAtMs] : []));
  return { tookMs: process.cpuUsage(before).user / 1_000, times };
}

it('hands labels out in the order they came in, in time that grows with their number and no faster', () => {
  handedOut(10_000);
  const few = handedOut(50_000);
  const many = handedOut(400_000);
  expect(many.times).toEqual(Array.from({ length: 400_000 }, (_, i) => T0 + i));
  // A cost that grows with the square is 64 times that of the few, and took 164 s here; collecting garbage takes a second or two.
  expect(many.tookMs).toBeLessThan(40 * few.tookMs + 10_000);
});
