import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IntakeQueue } from '../../../../exporter/src/capture/ingest/intake-queue.js';
import { TooManyRequests } from '../../../../exporter/src/domain/errors.js';

const LIMITS = { perModelBytes: 100, totalBytes: 250 };

it('holds no more than it may, of a model and of all, whatever comes and goes; one body alone is let in', () => {
  const step = fc.record({
    model: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.integer({ min: 1, max: 90 }),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new IntakeQueue(() => LIMITS);
      const places: { model: string; bytes: number; leave: () => void }[] = [];
      for (const { model, bytes, leaves } of steps) {
        if (leaves) {
          places.shift()?.leave();
          continue;
        }
        const place = queue.enter(model);
        const ofModel = places.filter((one) => one.model === model).reduce((sum, one) => sum + one.bytes, 0);
        const fits =
          (ofModel === 0 || ofModel + bytes <= LIMITS.perModelBytes) &&
          (queue.bytes === 0 || queue.bytes + bytes <= LIMITS.totalBytes);
        if (fits) {
          place.grow(bytes);
          places.push({ model, bytes, leave: () => place.leave() });
        } else expect(() => place.grow(bytes)).toThrow(TooManyRequests);
        expect(queue.bytes).toBe(places.reduce((sum, one) => sum + one.bytes, 0));
        expect(queue.bytes).toBeLessThanOrEqual(LIMITS.totalBytes);
      }
      for (const { leave } of places) leave();
      expect(queue.bytes).toBe(0);
    }),
    { seed: 1 },
  );
});

it('lets a body in that is larger than the queue when it is alone, and gives back what a refused one had', () => {
  const queue = new IntakeQueue(() => LIMITS);
  const large = queue.enter('a');
  large.grow(200);
  large.grow(200);
  const other = queue.enter('a');
  expect(() => other.expect(1)).toThrow(TooManyRequests);
  other.leave();
  large.leave();
  large.leave();
  expect(queue.bytes).toBe(0);
  expect(() => queue.enter('a').grow(100)).not.toThrow();
});
