import { describe, expect, it } from 'vitest';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import { CAUSE_IDS, familyOf, type CauseId } from '../../../exporter/src/domain/cause.js';
import type { IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Shared } from '../../../exporter/src/domain/story-place.js';
import { nearestStartsMs } from '../../../exporter/src/stories/chance.js';
import { storyHeadline } from '../../../exporter/src/stories/headline.js';
import { sharedBy } from '../../../exporter/src/stories/shared.js';
import { Stories } from '../../../exporter/src/stories/stories.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluated } from '../incidents/fixtures.js';

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 10, 30, 10, 4);

function incidentOf(name: string, startMs: number, cause: CauseId = 'model-unreachable', features: string[] = []) {
  const { diagnosis, explanation } = evaluated('critical', cause);
  const causes = diagnosis.causes.map((each) => ({ ...each, title: `Fault: ${cause}`, features }));
  const row: IncidentRow = {
    id: incidentId(`incident-of-${name}`),
    modelId: modelId(name),
    openedAtMs: startMs + MINUTE_MS,
    closedAtMs: null,
    severity: 'critical',
    diagnosis: { ...diagnosis, causes, features, sinceMs: startMs },
    explanation,
    fingerprint: {},
  };
  return row;
}
const at = (name: string): Shared[] => [{ kind: 'address', name }];
const fed = (...names: string[]): Shared[] => names.map((name) => ({ kind: 'feature', name, cause: 'unit-change' }));
const from = (name: string): Shared => ({ kind: 'source', name, cause: 'unit-change' });
/** Of ten models, told as firm, with starts that are known well. */
const TEN = { models: 10, intervalMs: 0, isFirm: true };

describe('how near starts have to be', () => {
  it('is an hour for few models, and nearer the more there are, never below two minutes', () => {
    expect([1, 2, 19, 20, 100, 1_000].map((models) => Math.round(nearestStartsMs(models) / MINUTE_MS))).toEqual([
      60, 60, 60, 57, 11, 2,
    ]);
  });

  it('leaves at most 1 in 20 to chance up to 541 models', () => {
    for (const models of [25, 100, 541])
      expect((2 * nearestStartsMs(models) * (models - 1)) / (30 * 1_440 * MINUTE_MS)).toBeLessThanOrEqual(0.05);
  });
});

describe('what incidents share', () => {
  const { model } = sampleStatus('fraud');
  const endpoint = {
    url: 'https://scoring.internal:8443/a',
    connector: 'rest',
    settings: {},
    authorizationSecret: null,
  };
  const served = { ...model, endpoint: endpoint as NonNullable<typeof model.endpoint> };

  it('is the host where a machine or a network would do it, and not where the model’s own contract or secret would', () => {
    const causes = CAUSE_IDS.filter((cause) => familyOf(cause) === 'service');
    const byHost = causes.filter((cause) => sharedBy(served, incidentOf('a', T0, cause), []).length > 0);
    expect(byHost).toEqual([
      'model-unreachable',
      'endpoint-errors',
      'overloaded-endpoint',
      'slow-endpoint',
      'certificate-invalid',
      'certificate-expiring',
    ]);
  });

  it('is the address for a fault of the host, features and sources for one of the pipeline, else nothing', () => {
    expect(sharedBy(served, incidentOf('a', T0, 'endpoint-errors'), ['topic orders'])).toEqual(
      at('scoring.internal:8443'),
    );
    expect(sharedBy(served, incidentOf('a', T0, 'unit-change', ['income']), ['topic orders'])).toEqual([
      { kind: 'feature', name: 'income', cause: 'unit-change' },
      { kind: 'source', name: 'topic orders', cause: 'unit-change' },
    ]);
    expect(sharedBy(served, incidentOf('a', T0, 'concept-drift', ['income']), ['topic orders'])).toEqual([]);
    expect(sharedBy({ endpoint: null }, incidentOf('a', T0), [])).toEqual([]);
  });
});

describe('stories', () => {
  it('are one for 20 models whose host dies, under the id of the first', () => {
    const stories = new Stories();
    const ids = Array.from({ length: 20 }, (_, i) =>
      stories.place(incidentOf(`m${i}`, T0 + i * 3_000), at('scoring.internal'), { ...TEN, models: 20 }),
    ).map(({ id }) => id);
    expect(new Set(ids)).toEqual(new Set(['incident-of-m0']));
    const [story, ...others] = stories.all();
    expect(others).toEqual([]);
    expect(story?.members).toHaveLength(20);
    expect(story && storyHeadline(story)).toBe(
      '20 models at scoring.internal do not answer since 2026-11-30 10:04 UTC.',
    );
  });

  it('are two for two faults at the same time, and none for what stands alone', () => {
    const stories = new Stories();
    for (const name of ['a', 'b', 'c']) stories.place(incidentOf(name, T0), at('one.internal'), TEN);
    for (const name of ['d', 'e']) stories.place(incidentOf(name, T0, 'unit-change', ['income']), fed('income'), TEN);
    stories.place(incidentOf('f', T0, 'concept-drift'), [], TEN);
    expect(stories.all().map(({ id, members }) => [id, members.length])).toEqual([
      ['incident-of-a', 3],
      ['incident-of-d', 2],
    ]);
    expect(stories.storyOf(modelId('f'))).toBeNull();
    expect(stories.all().map(storyHeadline)[1]).toBe(
      '2 models with `income`: Fault: unit-change, since 2026-11-30 10:04 UTC.',
    );
  });

  it('do not join what began at another time, by how many models there are', () => {
    const later = incidentOf('b', T0 + 30 * MINUTE_MS);
    const join = (models: number): string => {
      const stories = new Stories();
      stories.place(incidentOf('a', T0), at('one.internal'), { ...TEN, models });
      return stories.place(later, at('one.internal'), { ...TEN, models }).id;
    };
    expect([join(10), join(100)]).toEqual(['incident-of-a', 'incident-of-b']);
  });

  it('keep their id when the first leaves and others come, and end with the last', () => {
    const stories = new Stories();
    for (const name of ['a', 'b']) stories.place(incidentOf(name, T0), at('one.internal'), TEN);
    stories.leave(modelId('a'));
    expect(stories.all()).toEqual([]);
    expect(stories.place(incidentOf('c', T0 + 1_000), at('one.internal'), TEN).id).toBe('incident-of-a');
    expect(stories.storyOf(modelId('c'))?.members.map(({ modelId: id }) => id)).toEqual(['b', 'c']);
    for (const name of ['b', 'c']) stories.leave(modelId(name));
    expect(stories.place(incidentOf('d', T0 + 2_000), at('one.internal'), TEN).id).toBe('incident-of-d');
  });

  it('take in one that stands alone once its cause is clear, the later one of two', () => {
    const stories = new Stories();
    const [a, b] = [incidentOf('a', T0), incidentOf('b', T0 + 1_000)];
    expect(stories.place(a, [], TEN).id).toBe('incident-of-a');
    expect(stories.place(b, at('one.internal'), TEN).id).toBe('incident-of-b');
    // The earlier one learns its cause: the later one comes to it, not the other way round.
    expect(stories.place(a, at('one.internal'), TEN).id).toBe('incident-of-a');
    expect(stories.place(b, at('one.internal'), TEN).id).toBe('incident-of-a');
  });

  it('hold whose cause is another one for as long as that is not firm, and then let it go', () => {
    const stories = new Stories();
    const [a, b, c] = [incidentOf('a', T0), incidentOf('b', T0 + 1_000), incidentOf('c', T0 + 2_000)];
    for (const row of [a, b, c]) stories.place(row, at('one.internal'), TEN);
    expect(stories.place(b, fed('income'), { ...TEN, isFirm: false }).id).toBe('incident-of-a');
    expect(stories.place(b, fed('income'), TEN)).toEqual({
      id: 'incident-of-b',
      shared: fed('income'),
    });
    // The one it began with goes too: what is left keeps the id.
    expect(stories.place(a, fed('age'), TEN).id).toBe('incident-of-a-2');
    expect(stories.place(c, at('one.internal'), TEN).id).toBe('incident-of-a');
    expect(stories.place(a, fed('age'), TEN).id).toBe('incident-of-a-2');
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('hold also the last one that is left of several, and over a restart (%s left)', (gone, left) => {
    const stories = new Stories();
    const rows = [incidentOf('a', T0), incidentOf('b', T0 + 1_000)];
    const places = new Map(rows.map((row) => [row.modelId, stories.place(row, at('one.internal'), TEN)]));
    // The first is told by its next evaluation that it is no longer alone.
    for (const row of rows) places.set(row.modelId, stories.place(row, at('one.internal'), TEN));
    stories.leave(modelId(gone));
    const after = new Stories();
    const row = rows.find(({ modelId: id }) => id === left);
    const story = places.get(modelId(left));
    if (row === undefined || story === undefined) throw new Error('there are two');
    after.restore({ ...row, story });
    // One that was opened before them turns out to fit.
    const c = incidentOf('c', T0 - 1_000);
    after.place(c, [], TEN);
    expect(after.place(c, at('one.internal'), TEN).id).toBe('incident-of-a');
    expect(after.place(row, at('one.internal'), TEN)).toEqual(story);
  });

  it('do not chain: what began too long after the first is another one, also once the first is over', () => {
    const stories = new Stories();
    const ids = ['a', 'b', 'c'].map(
      (name, i) => stories.place(incidentOf(name, T0 + i * 50 * MINUTE_MS), at('one.internal'), TEN).id,
    );
    expect(ids).toEqual(['incident-of-a', 'incident-of-a', 'incident-of-c']);
    const rest = new Stories();
    const b = incidentOf('b', T0 + 50 * MINUTE_MS);
    rest.restore({
      ...b,
      story: { id: incidentId('incident-of-a'), shared: at('one.internal'), beganMs: T0 },
    });
    expect(rest.place(incidentOf('d', T0 + 90 * MINUTE_MS), at('one.internal'), TEN).id).toBe('incident-of-d');
  });

  it('join what began within the interval at which one of the two is probed', () => {
    const join = (first: number, second: number): string => {
      const stories = new Stories();
      const asked = { models: 1_000, isFirm: true };
      stories.place(incidentOf('a', T0), at('one.internal'), { ...asked, intervalMs: first * MINUTE_MS });
      const b = incidentOf('b', T0 + 9 * MINUTE_MS);
      return stories.place(b, at('one.internal'), { ...asked, intervalMs: second * MINUTE_MS }).id;
    };
    expect([join(10, 1), join(1, 10), join(1, 1)]).toEqual(['incident-of-a', 'incident-of-a', 'incident-of-b']);
  });

  it('are of one kind of trouble: one cause of a feature, and of one source where both have one', () => {
    const nulls: Shared[] = [{ kind: 'feature', name: 'income', cause: 'null-flood' }];
    const join = (...all: Shared[][]): string[] => {
      const stories = new Stories();
      return all.map((shared, i) => stories.place(incidentOf(`m${i}`, T0 + i), shared, TEN).id.slice(-1));
    };
    expect(join(fed('income'), nulls)).toEqual(['0', '1']);
    expect(join([...fed('income'), from('x')], [...fed('income'), from('y')])).toEqual(['0', '1']);
    expect(join([...fed('income'), from('x')], fed('income'), [...fed('income'), from('y')])).toEqual(['0', '0', '2']);
    expect(join([...fed('income'), from('x')], [...fed('age'), from('x')])).toEqual(['0', '0']);
  });

  it('say of how many their headline is true', () => {
    const stories = new Stories();
    const causes: readonly CauseId[] = ['slow-endpoint', 'model-unreachable', 'model-unreachable'];
    causes.forEach((cause, i) =>
      stories.place(incidentOf(`m${i}`, T0 + i * MINUTE_MS, cause), at('one.internal'), TEN),
    );
    expect(stories.all().map(storyHeadline)).toEqual([
      '2 of 3 models at one.internal do not answer since 2026-11-30 10:05 UTC.',
    ]);
    expect(stories.all()[0]).toBe(stories.storyOf(modelId('m1')));
  });

  it('share what all of their members do', () => {
    const stories = new Stories();
    stories.place(incidentOf('a', T0), fed('income', 'age'), TEN);
    expect(stories.place(incidentOf('b', T0), fed('age', 'city'), TEN)).toMatchObject({
      id: 'incident-of-a',
      shared: fed('age'),
    });
    expect(stories.place(incidentOf('c', T0), fed('income', 'city'), TEN).id).toBe('incident-of-c');
  });

  it('are the same after a restart, in whatever order their incidents come back', () => {
    const before = new Stories();
    const rows = ['a', 'b', 'c'].map((name) => {
      const row = incidentOf(name, T0);
      return { ...row, story: before.place(row, at('one.internal'), TEN) };
    });
    before.leave(modelId('a'));
    const after = new Stories();
    for (const row of [...rows].reverse().filter(({ modelId: id }) => id !== 'a')) after.restore(row);
    expect(after.all()).toEqual(
      before.all().map((story) => ({
        ...story,
        members: story.members.map((member) => ({
          ...member,
          incident: rows.find(({ id }) => id === member.incident.id),
        })),
      })),
    );
    expect(after.place(incidentOf('d', T0), at('one.internal'), TEN).id).toBe('incident-of-a');
  });
});
