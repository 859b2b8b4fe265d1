import { aModelDetail, anIncident } from '../test-data';
import { changedAtMs, phasesOf } from './phases';
import { waterfallOf } from './Contributions';

const entry = (at_ms: number, kind: string) => ({ at_ms, kind, text: `${kind} at ${at_ms}` });

describe('the story of an incident', () => {
  it('takes the last change before the evidence, the first decision, and the recovery', () => {
    const timeline = [
      entry(10, 'change'),
      entry(30, 'first-evidence'),
      entry(40, 'opened'),
      entry(20, 'change'),
      entry(35, 'change'),
      entry(60, 'decision'),
      entry(70, 'decision'),
      entry(90, 'recovered'),
      entry(95, 'closed'),
    ];
    expect(
      phasesOf(anIncident({ timeline, opened_at_ms: 40, closed_at_ms: 95 }), null).map(({ name, atMs }) => [name, atMs])
    ).toEqual([
      ['change', 20],
      ['first-evidence', 30],
      ['page', 40],
      ['decision', 60],
      ['recovery', 90],
    ]);
  });
  it('takes no change for it that was told long before the estimated one, and no note of mlfi about itself', () => {
    const minute = 60_000;
    const far = entry(10 * minute, 'change');
    const near = entry(43 * minute, 'change');
    const own = { ...entry(44 * minute, 'change'), text: 'mlfi judges the model by its logged rows from now on.' };
    const opened_at_ms = 60 * minute;
    const incident = anIncident({ timeline: [far, entry(50 * minute, 'first-evidence')], opened_at_ms });
    expect(phasesOf(incident, 45 * minute)[0]).toEqual({ name: 'change', atMs: 45 * minute, text: '' });
    expect(phasesOf({ ...incident, timeline: [...incident.timeline, near] }, 45 * minute)[0].atMs).toBe(near.at_ms);
    const told = {
      ...incident,
      timeline: [entry(50 * minute, 'first-evidence'), own],
      diagnosis: { ...incident.diagnosis, changes: [{ at_ms: own.at_ms, text: own.text, kind: 'source' as const }] },
    };
    expect(phasesOf(told, 45 * minute)[0]).toEqual({ name: 'change', atMs: 45 * minute, text: '' });
    expect(phasesOf(told, null)[0].atMs).toBeNull();
  });
  it('knows of no change where the only one told was hours before the evidence', () => {
    const hour = 3_600_000;
    const timeline = [entry(hour, 'change'), entry(3 * hour, 'first-evidence')];
    expect(phasesOf(anIncident({ timeline, opened_at_ms: 3 * hour }), null)[0].atMs).toBeNull();
  });
  it('leaves open what has not happened', () => {
    expect(
      phasesOf(anIncident({ timeline: [entry(40, 'opened')], opened_at_ms: 40, closed_at_ms: null }), null).map(
        ({ atMs }) => atMs
      )
    ).toEqual([null, null, 40, null, null]);
  });
  it('finds a change the diagnosis knows and the timeline does not', () => {
    const incident = anIncident({ timeline: [entry(40, 'opened')], opened_at_ms: 40 });
    const diagnosis = {
      ...incident.diagnosis,
      changes: [
        { at_ms: 5, kind: 'deployment' as const, text: 'v8' },
        { at_ms: 50, kind: 'deployment' as const, text: 'too late' },
      ],
    };
    expect(phasesOf({ ...incident, diagnosis }, 3)[0]).toEqual({ name: 'change', atMs: 5, text: 'v8' });
  });
});

describe('the moment of change', () => {
  const incident = anIncident({ timeline: [entry(40, 'opened')], opened_at_ms: 40 });
  const evidence = { ...aModelDetail().evidence, changed_at_ms: 25 };
  it('is what the model estimates while the incident is open, and what the repairs say afterwards', () => {
    expect(changedAtMs(incident, aModelDetail({ incident_id: incident.id, evidence }))).toBe(25);
    expect(changedAtMs(incident, aModelDetail({ incident_id: 'another', evidence }))).toBe(1);
    const diagnosis = { ...incident.diagnosis, repairs: [] };
    expect(changedAtMs({ ...incident, diagnosis }, undefined)).toBeNull();
  });
  it('is what the diagnosis says first, also once the incident is closed', () => {
    const known = { ...incident, diagnosis: { ...incident.diagnosis, since_ms: 20 } };
    expect(changedAtMs(known, aModelDetail({ incident_id: incident.id, evidence }))).toBe(20);
    expect(changedAtMs(known, undefined)).toBe(20);
  });
  it('is in the story when nobody told of a change, and says that it is estimated', () => {
    expect(phasesOf(incident, 25)[0]).toEqual({ name: 'change', atMs: 25, text: '' });
  });
  it('tells the alert without its first guess', () => {
    expect(phasesOf(incident, null)[2]).toEqual({ name: 'page', atMs: 40, text: '' });
  });
});

describe('the waterfall', () => {
  it('begins each part where the one before ended; parts and the unexplained add up to the whole', () => {
    const bars = waterfallOf(
      {
        parts: [
          { name: 'input mix', value: -0.15, interval: null },
          { name: 'model', value: 0.05, interval: null },
        ],
        remainder: -0.1,
        total: -0.2,
      },
      'unexplained',
      'whole'
    );
    expect(
      bars.map(({ name, from, to, tone }) => [name, Number(from.toFixed(3)), Number(to.toFixed(3)), tone])
    ).toEqual([
      ['input mix', 0, -0.15, 'worse'],
      ['model', -0.15, -0.1, 'better'],
      ['unexplained', -0.1, -0.2, 'unexplained'],
      ['whole', 0, -0.2, 'total'],
    ]);
    expect(bars.at(-2)?.to).toBeCloseTo(bars.at(-1)?.to ?? NaN);
  });
});
