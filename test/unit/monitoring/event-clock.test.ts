import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventClock } from '../../../exporter/src/monitoring/event-clock.js';

const START_MS = 1_767_571_200_000;
const MINUTE_MS = 60_000;

interface Arrival {
  readonly sender: string;
  readonly atMs: number;
  readonly comesAtMs: number;
}

/** Each sender sends a row every few seconds, late by as much as it always is. */
const arrivalsOf = (senders: readonly { everyMs: number; lagMs: number }[], lengthMs: number): readonly Arrival[] =>
  senders
    .flatMap(({ everyMs, lagMs }, i) =>
      Array.from({ length: Math.floor(lengthMs / everyMs) }, (_, n) => {
        const atMs = START_MS + n * everyMs;
        return { sender: `s${i}`, atMs, comesAtMs: atMs + lagMs };
      }),
    )
    .sort((a, b) => a.comesAtMs - b.comesAtMs);

/** @returns rows that came when the watermark had passed them, and the watermark in the end */
function played(
  clock: EventClock,
  arrivals: readonly Arrival[],
  introducedMs = 0,
): { late: number; lateAtFirst: number; endMs: number } {
  let late = 0;
  let lateAtFirst = 0;
  let passedMs = -Infinity;
  for (const { sender, atMs, comesAtMs } of arrivals) {
    if (atMs < passedMs) {
      if (atMs - START_MS < introducedMs) lateAtFirst += 1;
      else late += 1;
    }
    clock.arrived(sender, [atMs], comesAtMs);
    const watermarkMs = clock.watermarkMs(comesAtMs);
    expect(watermarkMs).toBeGreaterThanOrEqual(passedMs);
    passedMs = watermarkMs;
  }
  return { late, lateAtFirst, endMs: passedMs };
}

describe('the watermark', () => {
  it('waits for every sender that sends once a minute or more often, however far each lags up to 50 s, once all have begun', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ everyMs: fc.integer({ min: 500, max: 9_000 }), lagMs: fc.integer({ min: 0, max: 50_000 }) }),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        (senders) => {
          const { late, lateAtFirst, endMs } = played(new EventClock(), arrivalsOf(senders, 10 * MINUTE_MS), MINUTE_MS);
          expect(late).toBe(0);
          if (senders.every(({ lagMs }) => lagMs < 15_000)) expect(lateAtFirst).toBe(0);
          // And it moves: no further behind than the slowest sender, its pause and what rows may be out of order.
          expect(endMs).toBeGreaterThan(START_MS + 8 * MINUTE_MS);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('goes on without a sender that falls silent, after a minute', () => {
    const clock = new EventClock();
    played(
      clock,
      arrivalsOf(
        [
          { everyMs: 1_000, lagMs: 0 },
          { everyMs: 1_000, lagMs: 30_000 },
        ],
        5 * MINUTE_MS,
      ),
    );
    const fellSilentMs = START_MS + 5 * MINUTE_MS + 29_000;
    for (let s = 1; s <= 120; s += 1) {
      const nowMs = fellSilentMs + 1_000 * s;
      clock.arrived('s0', [nowMs], nowMs);
      const behindMs = nowMs - clock.watermarkMs(nowMs);
      if (s < 50) expect(behindMs).toBeGreaterThan(30_000);
      if (s > 62) expect(behindMs).toBeLessThanOrEqual(12_000);
    }
  });

  it('waits for nobody longer than ten minutes, however far behind a sender stays', () => {
    const clock = new EventClock();
    const lagMs = 60 * MINUTE_MS;
    for (let s = 0; s < 20 * 60; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      clock.arrived('behind', [nowMs - lagMs], nowMs);
      clock.arrived('live', [nowMs], nowMs);
      if (s > 11 * 60) expect(nowMs - clock.watermarkMs(nowMs)).toBeLessThanOrEqual(20 * MINUTE_MS);
      if (s > 11 * 60) expect(clock.watermarkMs(nowMs)).toBeGreaterThan(nowMs - 11 * MINUTE_MS);
    }
  });

  it('waits for a history that catches up while another sender is live', () => {
    const clock = new EventClock();
    let late = 0;
    let passedMs = -Infinity;
    for (let s = 0; s < 5 * 60; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      // A day in five minutes.
      const pastMs = nowMs - 24 * 60 * MINUTE_MS * (1 - s / 300);
      for (const [sender, atMs] of [
        ['history', pastMs],
        ['live', nowMs],
      ] as const) {
        if (atMs < passedMs) late += 1;
        clock.arrived(sender, [atMs], nowMs);
      }
      passedMs = clock.watermarkMs(nowMs);
    }
    expect(late).toBe(0);
  });

  it('does not wait for a history that begins when its time has long been judged', () => {
    const clock = new EventClock();
    for (let s = 0; s < 600; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      clock.arrived('live', [nowMs], nowMs);
      if (s > 300) clock.arrived('history', [START_MS - 86_400_000 + 1_000 * s], nowMs);
      if (s > 120) expect(nowMs - clock.watermarkMs(nowMs)).toBeLessThanOrEqual(12_000);
    }
  });

  it('remembers a thousand senders, and goes on whatever more there are', () => {
    const clock = new EventClock();
    for (let s = 0; s < 600; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      for (let i = 0; i < 5; i += 1) clock.arrived(`pod ${s % 400} ${i}`, [nowMs], nowMs);
    }
    expect(clock.size).toBe(1_000);
    const nowMs = START_MS + 600_000;
    expect(nowMs - clock.watermarkMs(nowMs)).toBeLessThan(2 * MINUTE_MS);
  });

  it.each([
    { senders: 120, mostLateShare: 0 },
    { senders: 1_200, mostLateShare: 0.005 },
  ])('waits for $senders senders that each send their rows twice a minute', ({ senders, mostLateShare }) => {
    const clock = new EventClock();
    let late = 0;
    let rows = 0;
    let passedMs = -Infinity;
    for (let s = 0; s < 600; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      for (let i = s % 30; i < senders; i += 30) {
        const timesMs = Array.from({ length: 30 }, (_, row) => nowMs - 1_000 * (30 - row));
        // Who sends, and how late, is learnt meanwhile.
        if (s >= 120) {
          late += timesMs.filter((atMs) => atMs < passedMs).length;
          rows += timesMs.length;
        }
        clock.arrived(`s${i}`, timesMs, nowMs);
      }
      passedMs = clock.watermarkMs(nowMs);
    }
    expect(late / rows).toBeLessThanOrEqual(mostLateShare);
    expect(START_MS + 600_000 - passedMs).toBeLessThan(2 * MINUTE_MS);
  });

  it('lets a row that is dated in the future decide nothing, whoever sends it', () => {
    const clock = new EventClock();
    for (let s = 0; s < 120; s += 1) {
      const nowMs = START_MS + 1_000 * s;
      clock.arrived(s % 2 === 0 ? 'a' : 'b', [s === 70 ? nowMs + 290_000 : nowMs], nowMs);
      if (s > 62) expect(clock.watermarkMs(nowMs)).toBeLessThanOrEqual(nowMs - 10_000);
    }
  });
});
