import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Incident, IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import type { DomainEvent, IncidentRepository } from '../../../exporter/src/domain/ports.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { createIncidentManager, type IncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, storedIncidents } from './fixtures.js';

const model = sampleStatus('fraud').model;
const problem = evaluation('high', true, 'unit-change');
const nothing = evaluation('none', false);

interface World {
  readonly incidents: IncidentManager;
  readonly saved: Map<string, Incident>;
  readonly lessons: Lesson[];
  readonly events: DomainEvent[];
  /** The incident that is open at the start. */
  readonly open: IncidentRow;
  readonly store: Pick<IncidentRepository, 'appendTimeline'>;
}

/** An open incident, over a store and a governance that answer in the order the scheduler likes. */
async function worldOf(scheduler: fc.Scheduler): Promise<World> {
  const saved = new Map<string, Incident>();
  const lessons: Lesson[] = [];
  const events: DomainEvent[] = [];
  let scheduled = false;
  let next = 0;
  /** What a database does takes effect somewhere between the call and its answer. */
  const inAnyOrder =
    <A extends readonly unknown[], T>(work: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      if (!scheduled) return work(...given);
      await scheduler.schedule(Promise.resolve());
      const result = await work(...given);
      await scheduler.schedule(Promise.resolve());
      return result;
    };
  const stored = storedIncidents(saved);
  const store = {
    openFor: inAnyOrder(stored.openFor),
    save: inAnyOrder(stored.save),
    appendTimeline: inAnyOrder(stored.appendTimeline),
  };
  const incidents = createIncidentManager({
    incidents: store,
    lessons: { save: inAnyOrder((lesson) => Promise.resolve(void lessons.push(lesson))) },
    alerts: { list: () => Promise.resolve([]) },
    governance: {
      propose: inAnyOrder(() => Promise.resolve([])),
      verify: inAnyOrder(() => Promise.resolve()),
      withdraw: inAnyOrder(() => Promise.resolve()),
      records: inAnyOrder(() => Promise.resolve([])),
      isActionUnderWay: inAnyOrder(() => Promise.resolve(false)),
    },
    events: { publish: (event) => void events.push(event) },
    clock: systemClock,
    ids: { next: () => `i${(next += 1)}` },
    remember,
  });
  await incidents.apply(model, problem);
  const open = await incidents.apply(model, problem);
  if (open === null) expect.fail('no incident opened');
  scheduled = true;
  return { incidents, store, saved, lessons, events, open };
}

/** As governance does it: in its own transaction, beside what becomes of the incident. */
const note = ({ store, open }: World, text: string): Promise<void> =>
  store.appendTimeline(open.id, [{ atMs: 1, kind: 'decision', text }]);
const notesOf = (incident: Incident | null | undefined): readonly string[] =>
  (incident?.timeline ?? []).filter(({ kind }) => kind === 'decision').map(({ text }) => text);

/** Other orders at every run; a failure prints the seed and the path that repeat it. */
const inAnyOrder = (property: (scheduler: fc.Scheduler) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(fc.scheduler(), property), { numRuns: 200 });

it('keeps three notes at once, also while the incident changes', async () => {
  await inAnyOrder(async (scheduler) => {
    const world = await worldOf(scheduler);
    const work = Promise.all([
      ...['ada', 'bob', 'eve'].map((who) => note(world, who)),
      world.incidents.apply(model, evaluation('critical', true, 'endpoint-errors')),
      world.incidents.apply(model, evaluation('critical', true, 'endpoint-errors')),
    ]);
    await scheduler.waitFor(work);
    expect([...notesOf(world.saved.get(world.open.id))].sort()).toEqual(['ada', 'bob', 'eve']);
    expect(world.incidents.current(model.id)?.severity).toBe('critical');
    expect(world.incidents.current(model.id)?.diagnosis.causes[0]?.id).toBe('endpoint-errors');
  });
});

it('is closed once and stays closed, with one lesson, whatever is noted meanwhile', async () => {
  await inAnyOrder(async (scheduler) => {
    const world = await worldOf(scheduler);
    const work = Promise.all([
      note(world, 'ada'),
      ...[1, 2, 3, 4].map(() => world.incidents.apply(model, nothing)),
      note(world, 'bob'),
      world.incidents.closeAndForget(model.id),
      note(world, 'eve'),
    ]);
    await scheduler.waitFor(work);
    const closed = world.saved.get(world.open.id);
    expect(closed?.closedAtMs).not.toBeNull();
    expect(world.incidents.current(model.id)).toBeNull();
    expect([...notesOf(closed)].sort()).toEqual(['ada', 'bob', 'eve']);
    expect(closed?.timeline.filter(({ kind }) => kind === 'closed')).toHaveLength(1);
    expect(world.lessons).toHaveLength(1);
    expect(world.events.filter(({ kind }) => kind === 'incident-closed')).toHaveLength(1);
  });
});

it('opens at most one incident of a model, whoever applies evaluations at once', async () => {
  await inAnyOrder(async (scheduler) => {
    const world = await worldOf(scheduler);
    const work = Promise.all([
      world.incidents.closeAndForget(model.id),
      ...[1, 2, 3].map(() => world.incidents.apply(model, problem)),
    ]);
    await scheduler.waitFor(work);
    expect([...world.saved.values()].filter(({ closedAtMs }) => closedAtMs === null)).toHaveLength(1);
  });
});
