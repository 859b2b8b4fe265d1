import { expect, it } from 'vitest';
import { EventClock } from '../../../exporter/src/monitoring/event-clock.js';
import { observation } from '../detection/rows.js';
import { PendingRows } from '../../../exporter/src/monitoring/pending-rows.js';

const T0 = 1e12;

/** Milliseconds of CPU that handing out so many labels takes, and the times they were handed out with. */
function handedOut(count: number): { readonly tookMs: number; readonly times: readonly number[] } {
  const pending = new PendingRows(new EventClock(), 'salt');
  for (let i = 0; i < count; i += 1)
    pending.addLabel(
      {
        label: { kind: 'class', correct: true },
        predictedAtMs: T0 + i,
        atMs: T0 + i,
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

it('hands out before their time, in their order, the labels that there is no room for', () => {
  const pending = new PendingRows(new EventClock(), 'salt');
  // A row has just come, so that labels wait for the watermark.
  const row = observation({ atMs: T0, features: { x: 0.5 } });
  pending.add([{ row, judged: null }], false, T0);
  for (let i = 0; i < 50_003; i += 1)
    pending.addLabel({ label: { kind: 'class', correct: true }, predictedAtMs: i, atMs: T0 + 1 }, T0 + 1);
  const times = [...pending.steps(T0 + 1, Infinity)].map((step) =>
    step.kind === 'label' ? step.judged.predictedAtMs : step.kind,
  );
  expect(times).toEqual([0, 1, 2]);
  expect([pending.nextLabel, pending.newLabel]).toEqual([3, 50_003]);
});

it('is full of a few long texts that wait as they were sent, as of many numbers', () => {
  const pending = new PendingRows(new EventClock(), 'salt');
  const text = 'x'.repeat(23_000);
  let held = 0;
  for (; held < 3_000 && !pending.isFull; held += 1) {
    const row = observation({ atMs: T0, features: { length: text.length } });
    const sent = observation({ atMs: T0, features: { prompt: text } });
    pending.add([{ row, judged: null }], false, T0, [sent]);
  }
  // 40 MB of them.
  expect(held).toBeGreaterThan(1_500);
  expect(held).toBeLessThan(2_000);
});
