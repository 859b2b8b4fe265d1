import { expect, it } from 'vitest';
import { StoreDocumentDamaged } from '../../../exporter/src/domain/codec.js';
import { Unavailable } from '../../../exporter/src/domain/errors.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { modelNamed } from '../monitoring/fleet-on-memory.js';
import { movableClock } from '../../integration/governance/harness.js';
import { evaluated, incidentsInMemory, NEVER_REFUSED, NOBODY_DECIDES, storedIncidents } from './fixtures.js';

const MODEL = modelNamed('a');
const [ONE, OTHER, CLEAR] = [
  evaluated('high', 'unit-change'),
  evaluated('high', 'endpoint-errors'),
  evaluated('none', null),
];
const away = (): Promise<never> =>
  Promise.reject(new StoreDocumentDamaged({ table: 'recommendation', row: 'r', model: MODEL.id }, 'damaged', 'x'));

/** An open incident, on decisions and a store that fail from when they are told to. */
async function opened() {
  const broken = { decisions: false, saves: 0 };
  const saved = new Map<string, Incident>();
  const stored = storedIncidents(saved);
  const orAway = <T>(answer: () => Promise<T>): Promise<T> => (broken.decisions ? away() : answer());
  const incidents = incidentsInMemory(saved, {
    governance: {
      ...NOBODY_DECIDES,
      propose: () => orAway(() => Promise.resolve([])),
      verify: () => orAway(() => Promise.resolve(false)),
      withdraw: () => orAway(() => Promise.resolve()),
      records: () => orAway(() => Promise.resolve([])),
      // Asked of columns, not of the documents that are damaged.
      isActionUnderWay: () => Promise.resolve(false),
    },
    incidents: {
      ...stored,
      save: (incident, entries) => {
        broken.saves -= 1;
        return broken.saves === 0 ? away() : stored.save(incident, entries);
      },
    },
  });
  for (let i = 0; i < 3; i += 1) await incidents.apply(MODEL, ONE);
  const cause = (): string | undefined => incidents.current(MODEL.id)?.diagnosis.causes[0]?.id;
  /** Evaluations until the incident tells another cause than before. @param failing the save that fails, from 1 on */
  const untilOther = async (evaluation: typeof ONE, failing = 0): Promise<number> => {
    const before = cause();
    broken.saves = failing;
    for (let n = 1; n < 100; n += 1) {
      await incidents.apply(MODEL, evaluation).catch((error: unknown) => expect(String(error)).toContain('damaged'));
      if (cause() !== before) return n;
    }
    return expect.fail('the story stays');
  };
  return { broken, incidents, saved, cause, untilOther };
}

it('follows the story and closes while decisions cannot be read', async () => {
  const { broken, incidents, cause, untilOther } = await opened();
  expect(cause()).toBe('unit-change');
  broken.decisions = true;
  await untilOther(OTHER);
  expect(cause()).toBe('endpoint-errors');
  for (let i = 0; i < 200; i += 1) await incidents.apply(MODEL, CLEAR);
  expect(incidents.current(MODEL.id)).toBeNull();
});

it('counts no change of the story that could not be stored', async () => {
  const [calm, failing] = [await opened(), await opened()];
  const there = await calm.untilOther(OTHER);
  const back = await calm.untilOther(ONE);
  expect(await failing.untilOther(OTHER, 1)).toBe(there + 1);
  expect(await failing.untilOther(ONE)).toBe(back);
});

it.each([new Unavailable('no connection now'), new Error('decisions: could not serialize access (40001)')])(
  'closes over no action that is under way because asking for it failed twice, whichever times: %s',
  async (error) => {
    for (let failing = 1; failing <= 6; failing += 1) {
      let asked = 0;
      let isUnderWay = true;
      const incidents = incidentsInMemory(new Map<string, Incident>(), {
        governance: {
          ...NOBODY_DECIDES,
          isActionUnderWay: () => {
            asked += 1;
            return asked === failing || asked === failing + 1 ? Promise.reject(error) : Promise.resolve(isUnderWay);
          },
        },
      });
      for (let i = 0; i < 3; i += 1) await incidents.apply(MODEL, ONE);
      for (let i = 0; i < 20; i += 1) await incidents.apply(MODEL, CLEAR).catch(() => undefined);
      expect(asked).toBeGreaterThan(failing + 1);
      expect(incidents.current(MODEL.id)).not.toBeNull();
      isUnderWay = false;
      await incidents.apply(MODEL, CLEAR);
      expect(incidents.current(MODEL.id)).toBeNull();
    }
  },
);

it.each(['verifying fails', 'decisions are refused'] as const)(
  'closes over an action whose outcome nobody can settle: %s',
  async (how) => {
    const clock = movableClock(1_000);
    const broken = { verify: false, isRefused: false };
    const incidents = incidentsInMemory(new Map<string, Incident>(), {
      clock,
      governance: {
        ...NOBODY_DECIDES,
        verify: () => (broken.verify ? away() : Promise.resolve(false)),
        isActionUnderWay: () => Promise.resolve(true),
      },
      refusal: { ...NEVER_REFUSED, isRefused: () => broken.isRefused },
    });
    const evaluated = async (minutes: number, evaluation = CLEAR): Promise<boolean> => {
      for (let i = 0; i < minutes; i += 1) {
        clock.advance(60_000);
        await incidents.apply(MODEL, evaluation);
      }
      return incidents.current(MODEL.id) !== null;
    };
    expect(await evaluated(3, ONE)).toBe(true);
    expect(await evaluated(200)).toBe(true);
    if (how === 'decisions are refused') {
      broken.isRefused = true;
      expect(await evaluated(1)).toBe(false);
      return;
    }
    broken.verify = true;
    expect(await evaluated(60)).toBe(true);
    broken.verify = false;
    expect(await evaluated(1)).toBe(true);
    broken.verify = true;
    expect(await evaluated(60)).toBe(true);
    expect(await evaluated(1)).toBe(false);
  },
);
