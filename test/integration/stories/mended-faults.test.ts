import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import { WatchedModels, type Fault, type Features, type Inputs, type Told } from './watched-models.js';

const MINUTE_MS = 60_000;
const FAULTY_MS = 6 * MINUTE_MS;
/** One window; then criteria must hold for five minutes, and closing takes its few evaluations: seen at one of so many looks, a minute apart. */
const VERIFIED_WITHIN_LOOKS = 11;
/** The minutes of `windows.length`. */
const WINDOW_LOOKS = 5;
const WATCHED_MS = 12 * MINUTE_MS;

interface Story {
  readonly fault: Fault;
  readonly causes: readonly CauseId[];
  readonly goldenInputs?: number;
  /** Nothing that was proposed is approved: somebody mends it without a word. */
  readonly isMendedByHand?: boolean;
}

const RENAMED = (world: Inputs): Features => ({
  ...world,
  country: world.country === 'DE' ? 'Germany' : world.country,
});

/** Faults of one model, each in a copy of its own. */
const STORIES: Readonly<Record<string, Story>> = {
  nulls: {
    fault: { arrives: (world, random) => ({ ...world, income: random() < 0.6 ? null : world.income }) },
    causes: ['null-flood'],
  },
  frozen: { fault: { arrives: (world) => ({ ...world, income: 47.5 }) }, causes: ['stale-feature'] },
  err30: { fault: { failing: 0.3 }, causes: ['endpoint-errors'] },
  err100: { fault: { failing: 1 }, causes: ['endpoint-errors'] },
  slow: { fault: { latencyMs: [600, 1_000] }, causes: ['slow-endpoint'] },
  replaced: { fault: { isReplaced: true }, causes: ['model-changed'] },
  units: { fault: { arrives: (world) => ({ ...world, income: world.income * 100 }) }, causes: ['unit-change'] },
  byhand: {
    fault: { arrives: (world) => ({ ...world, income: world.income * 100 }) },
    causes: ['unit-change'],
    isMendedByHand: true,
  },
  renamed: { fault: { arrives: RENAMED }, causes: ['category-rename'] },
  both: {
    fault: { arrives: (world) => ({ ...RENAMED(world), income: world.income * 100 }) },
    causes: ['unit-change', 'category-rename'],
  },
  absent: {
    fault: {
      arrives: ({ age, hours, country, device }) => ({ age, hours, country, device }),
    },
    causes: ['null-flood'],
  },
  feature: {
    fault: {
      arrives: ({ income, age, hours, country, device }) => ({ salary: income, age, hours, country, device }),
    },
    causes: ['null-flood'],
  },
};

interface Advice {
  readonly id: string;
  readonly action: string;
  readonly cause: CauseId;
  readonly digest: string;
  readonly state: string;
  readonly model_id: string;
  readonly plan: object | null;
}

let watched: WatchedModels;
const mendedAtMs = new Map<string, number>();
const recoveredAtMs = new Map<string, number>();
let advice: readonly Advice[] = [];
let lessons: readonly { readonly model_id: string; readonly cause: CauseId }[] = [];

async function adviceNow(): Promise<readonly Advice[]> {
  const { body } = await watched.request('GET', '/api/v1/recommendations?limit=200');
  return (body as { recommendations: readonly Advice[] }).recommendations;
}

/** Approves the first action of each model that can be carried out. */
async function approve(): Promise<void> {
  const approved = new Set<string>();
  for (const { id, model_id: model, digest, plan, state, action } of await adviceNow()) {
    if (
      approved.has(model) ||
      STORIES[model]?.isMendedByHand === true ||
      plan === null ||
      state !== 'pending' ||
      action === 'rebaseline'
    )
      continue;
    const vote = { recommendation_id: id, digest, verdict: 'approve', reason: 'it is what it says' };
    const { status } = await watched.decide('POST', '/api/v1/votes', vote);
    expect(status).toBe(200);
    approved.add(model);
  }
}

beforeAll(async () => {
  const models = Object.entries(STORIES).map(([id, { goldenInputs = 5 }]) => ({ id, goldenInputs, hasLabels: true }));
  watched = await WatchedModels.start(models.map((model) => ({ ...model, version: 'v1' })));
  for (const [id, { fault }] of Object.entries(STORIES)) watched.faults.set(id, fault);
  watched.onAction = (model) => {
    watched.faults.delete(model);
    mendedAtMs.set(model, watched.clock.now());
  };
  await watched.stepFor(FAULTY_MS);
  await approve();
  for (const [id, { isMendedByHand = false }] of Object.entries(STORIES)) if (isMendedByHand) watched.onAction(id, '');
  for (let passed = 0; passed < WATCHED_MS; passed += MINUTE_MS) {
    await watched.stepFor(MINUTE_MS);
    for (const { model_id: model, state } of await adviceNow())
      if (state === 'recovered' && !recoveredAtMs.has(model)) recoveredAtMs.set(model, watched.clock.now());
  }
  advice = await adviceNow();
  const { body } = await watched.request('GET', '/api/v1/lessons?limit=100');
  ({ lessons } = body as { lessons: typeof lessons });
}, 900_000);
afterAll(() => watched.close());

const isFirm = ({ incident, headline }: Told): boolean => incident !== null && !headline.includes('looking into it');
const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

describe.each(Object.entries(STORIES))(
  '%s, injected, mended and watched to the end',
  (id, { causes, isMendedByHand = false }) => {
    const told = (): readonly Told[] => watched.told.get(id) ?? [];

    it('is one incident with one cause, the right one, from when it is firm to its end', () => {
      expect(distinct(told().flatMap(({ incident }) => incident ?? []))).toHaveLength(1);
      const firm = distinct(
        told()
          .filter(isFirm)
          .map(({ cause }) => cause),
      );
      expect(firm).toHaveLength(1);
      expect(causes).toContain(firm[0]);
    });

    it('makes each proposal once, for that cause', () => {
      const own = advice.filter(({ model_id: model }) => model === id);
      expect(own.length).toBeGreaterThan(0);
      expect(distinct(own.map(({ action }) => action))).toHaveLength(own.length);
      for (const { cause, state } of own) {
        expect(causes).toContain(cause);
        expect(['recovered', 'withdrawn']).toContain(state);
      }
    });

    it('is seen to recover soon after it was mended, closed, and remembered as what it was', () => {
      const mended = mendedAtMs.get(id) ?? Infinity;
      // Commits move the clock by less than a minute between two looks.
      const looksUntil = (atMs = Infinity): number => Math.floor((atMs - mended) / MINUTE_MS);
      const closed = told().find(({ atMs, incident }) => atMs > mended && incident === null);
      if (isMendedByHand) expect(looksUntil(closed?.atMs)).toBeLessThanOrEqual(WINDOW_LOOKS);
      else expect(looksUntil(recoveredAtMs.get(id))).toBeLessThanOrEqual(VERIFIED_WITHIN_LOOKS);
      expect(told().at(-1)?.incident).toBeNull();
      const [lesson, ...others] = lessons.filter(({ model_id: model }) => model === id);
      expect(others).toEqual([]);
      expect(causes).toContain(lesson?.cause);
    });
  },
);
