import { describe, expect, it } from 'vitest';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
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
const fed = (...names: string[]): Shared[] => names.map((name) => ({ kind: 'feature', name }));

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

  it('is the address for a fault of the service, features and sources for one of the pipeline, else nothing', () => {
    expect(sharedBy(served, incidentOf('a', T0, 'endpoint-errors'), ['topic orders'])).toEqual(
      at('scoring.internal:8443'),
    );
    expect(sharedBy(served, incidentOf('a', T0, 'unit-change', ['income']), ['topic orders'])).toEqual([
      { kind: 'feature', name: 'income' },
      { kind: 'source', name: 'topic orders' },
    ]);
    expect(sharedBy(served, incidentOf('a', T0, 'concept-drift', ['income']), ['topic orders'])).toEqual([]);
    expect(sharedBy({ endpoint: null }, incidentOf('a', T0), [])).toEqual([]);
  });
});

describe('stories', () => {
  it('are one for 20 models whose host dies, under the id of the first', () => {
    const stories = new Stories();
    const ids = Array.from({ length: 20 }, (_, i) =>
      stories.place(incidentOf(`m${i}`, T0 + i * 3_000), at('scoring.internal'), 20),
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
    for (const name of ['a', 'b', 'c']) stories.place(incidentOf(name, T0), at('one.internal'), 10);
    for (const name of ['d', 'e']) stories.place(incidentOf(name, T0, 'unit-change', ['income']), fed('income'), 10);
    stories.place(incidentOf('f', T0, 'concept-drift'), [], 10);
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
      stories.place(incidentOf('a', T0), at('one.internal'), models);
      return stories.place(later, at('one.internal'), models).id;
    };
    expect([join(10), join(100)]).toEqual(['incident-of-a', 'incident-of-b']);
  });

  it('keep their id when the first leaves and others come, and end with the last', () => {
    const stories = new Stories();
    for (const name of ['a', 'b']) stories.place(incidentOf(name, T0), at('one.internal'), 10);
    stories.leave(modelId('a'));
    expect(stories.all()).toEqual([]);
    expect(stories.place(incidentOf('c', T0 + 1_000), at('one.internal'), 10).id).toBe('incident-of-a');
    expect(stories.storyOf(modelId('c'))?.members.map(({ modelId: id }) => id)).toEqual(['b', 'c']);
    for (const name of ['b', 'c']) stories.leave(modelId(name));
    expect(stories.place(incidentOf('d', T0 + 2_000), at('one.internal'), 10).id).toBe('incident-of-d');
  });

  it('take in one that stands alone once its cause is clear, the later one of two, and then hold it', () => {
    const stories = new Stories();
    const [a, b] = [incidentOf('a', T0), incidentOf('b', T0 + 1_000)];
    expect(stories.place(a, [], 10).id).toBe('incident-of-a');
    expect(stories.place(b, at('one.internal'), 10).id).toBe('incident-of-b');
    // The earlier one learns its cause: the later one comes to it, not the other way round.
    expect(stories.place(a, at('one.internal'), 10).id).toBe('incident-of-a');
    expect(stories.place(b, at('one.internal'), 10).id).toBe('incident-of-a');
    expect(stories.place(b, fed('income'), 10)).toEqual({ id: 'incident-of-a', shared: at('one.internal') });
  });

  it('hold also the last one that is left of several, whatever its diagnosis turns to, and over a restart', () => {
    const stories = new Stories();
    const [a, b, c] = [incidentOf('a', T0), incidentOf('b', T0 + 1_000), incidentOf('c', T0)];
    for (const row of [a, b]) stories.place(row, at('one.internal'), 10);
    stories.leave(modelId('a'));
    stories.place(c, fed('income'), 10);
    const place = stories.place(b, fed('income'), 10);
    expect(place).toEqual({ id: 'incident-of-a', shared: at('one.internal') });
    const after = new Stories();
    after.restore({ ...b, story: place });
    after.place(c, fed('income'), 10);
    expect(after.place(b, fed('income'), 10)).toEqual(place);
    // One that stands alone comes to it, though it is the earlier one.
    expect(after.place(c, at('one.internal'), 10).id).toBe('incident-of-a');
  });

  it('share what all of their members do', () => {
    const stories = new Stories();
    stories.place(incidentOf('a', T0), fed('income', 'age'), 10);
    expect(stories.place(incidentOf('b', T0), fed('age', 'city'), 10)).toEqual({
      id: 'incident-of-a',
      shared: fed('age'),
    });
    expect(stories.place(incidentOf('c', T0), fed('income', 'city'), 10).id).toBe('incident-of-c');
  });

  it('are the same after a restart, in whatever order their incidents come back', () => {
    const before = new Stories();
    const rows = ['a', 'b', 'c'].map((name) => {
      const row = incidentOf(name, T0);
      return { ...row, story: before.place(row, at('one.internal'), 10) };
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
    expect(after.place(incidentOf('d', T0), at('one.internal'), 10).id).toBe('incident-of-a');
  });
});
