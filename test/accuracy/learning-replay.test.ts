import { describe, expect, it } from 'vitest';
import type { Lesson } from '../../exporter/src/domain/lesson.js';
import type { ActionId } from '../../exporter/src/domain/recommendation.js';
import { estimateSuccess } from '../../exporter/src/incident-history/success-estimate.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';

const INCIDENTS = 200;
const REPLAYS = 50;
const HOURS_BETWEEN = 12;
const HOUR_MS = 3_600_000;
/** The rules put the right action last. */
const ACTIONS = ['rollback', 'retrain', 'recalibrate'] as const satisfies readonly ActionId[];
const RIGHT = 'recalibrate';
const HELPS: Readonly<Record<(typeof ACTIONS)[number], number>> = { rollback: 0.25, retrain: 0.35, recalibrate: 0.9 };

/** Whether a verified outcome is recorded the other way round, for the n-th incident. */
type Falsified = (incident: number, uniform: number) => boolean;

/** People take the first action six times of ten, another one otherwise. @returns rank (1 = first) of the right action at each incident */
function replay(seed: number, falsified: Falsified): number[] {
  const random = seededRandom(seed);
  const lessons: Lesson[] = [];
  return Array.from({ length: INCIDENTS }, (_, incident) => {
    const atMs = incident * HOURS_BETWEEN * HOUR_MS;
    const fingerprint = { 'cause:calibration-decay': 1, [`feature:${Math.floor(random.next() * 5)}`]: 0.4 };
    const ranked = ACTIONS.map((action, place) => ({
      action,
      cautious: estimateSuccess('calibration-decay', action, place, { fingerprint, atMs, lessons }).lowerQuantile20,
    })).sort((a, b) => b.cautious - a.cautious);
    const rank = 1 + ranked.findIndex(({ action }) => action === RIGHT);
    const choice = random.next() < 0.6 ? 0 : Math.floor(random.next() * ranked.length);
    const action = ranked[choice]?.action ?? RIGHT;
    const truly = random.next() < HELPS[action];
    const helped = falsified(incident, random.next()) ? !truly : truly;
    lessons.push({
      id: `l${incident}` as Lesson['id'],
      incidentId: `i${incident}` as Lesson['incidentId'],
      modelId: 'm' as Lesson['modelId'],
      cause: 'calibration-decay',
      severity: 'high',
      headline: '',
      fingerprint,
      openedAtMs: atMs,
      closedAtMs: atMs + HOUR_MS,
      actions: [{ action, outcome: helped ? 'recovered' : 'not_recovered' }],
    });
    return rank;
  });
}

const meanRank = (ranks: readonly number[][], from: number, until: number): number => {
  const chosen = ranks.flatMap((of) => of.slice(from, until));
  return chosen.reduce((sum, rank) => sum + rank, 0) / chosen.length;
};
const replays = (falsified: Falsified): number[][] =>
  Array.from({ length: REPLAYS }, (_, seed) => replay(seed, falsified));

describe(`${INCIDENTS} simulated incidents, ${REPLAYS} times, the right action last among the rules`, () => {
  it.each<[string, Falsified, number]>([
    ['true feedback', () => false, 1.15],
    ['a fifth of it wrong', (_, uniform) => uniform < 0.2, 1.35],
    ['the first 60 all wrong', (incident) => incident < 60, 1.35],
  ])('%s: its rank improves', (what, falsified, bar) => {
    const ranks = replays(falsified);
    const [first, last] = [meanRank(ranks, 0, 10), meanRank(ranks, 150, 200)];
    process.stdout.write(
      `    ${what}: mean rank of the right action ${first.toFixed(2)} in the first 10, ${meanRank(ranks, 40, 60).toFixed(2)} around the 50th, ${last.toFixed(2)} in the last 50\n`,
    );
    expect(first).toBeGreaterThan(2);
    expect(last).toBeLessThan(bar);
  });

  it('feedback that is a coin toss does not run away: no action is believed to be sure, none is ruled out', () => {
    const ranks = replays((_, uniform) => uniform < 0.5);
    const last = meanRank(ranks, 150, 200);
    process.stdout.write(`    a coin toss: mean rank ${last.toFixed(2)} of 3 in the last 50\n`);
    // Nothing can be learnt from it; the right action neither rises to the top nor is it buried.
    expect(last).toBeGreaterThan(1.4);
    expect(last).toBeLessThan(2.9);
  });
});
