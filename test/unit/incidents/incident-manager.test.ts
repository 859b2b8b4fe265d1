import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { ExternalAlert } from '../../../exporter/src/domain/alert.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident, IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { DomainEvent } from '../../../exporter/src/domain/ports.js';
import type { Proposal } from '../../../exporter/src/domain/recommendation.js';
import type { IncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { proposal } from '../../integration/governance/harness.js';
import type { Impact } from '../../../exporter/src/domain/impact.js';
import type { Severity } from '../../../exporter/src/domain/severity.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, FIRM_AT_ONCE, incidentsInMemory, NOBODY_DECIDES, storedIncidents } from './fixtures.js';

const model = sampleStatus('fraud').model;

function incidentsWith(firing: readonly ExternalAlert[] = [], isActionUnderWay: () => boolean = () => false) {
  const saved = new Map<string, Incident>();
  const stored = storedIncidents(saved);
  const incidents = incidentsInMemory(saved, {
    incidents: stored,
    alerts: { list: () => Promise.resolve(firing) },
    governance: { ...NOBODY_DECIDES, isActionUnderWay: () => Promise.resolve(isActionUnderWay()) },
  });
  return { incidents, saved, stored };
}

const alert = (over: Partial<ExternalAlert> = {}): ExternalAlert => ({
  sender: 'grafana',
  fingerprint: 'f',
  startsAtMs: 1_000,
  endsAtMs: null,
  modelId: modelId('fraud'),
  name: 'Checkout',
  summary: 'complains',
  labels: {},
  receivedAtMs: 2_000,
  ...over,
});

describe('an alert of somebody else', () => {
  it('lets the first evaluation that finds something open an incident, though the false-page budget does not page', async () => {
    const { incidents, saved } = incidentsWith();
    for (let i = 0; i < 5; i += 1) expect(await incidents.apply(model, evaluation('high', false))).toBeNull();
    await incidents.recordAlert(model.id, alert(), 'new');
    expect(await incidents.apply(model, evaluation('none', false))).toBeNull();
    const incident = await incidents.apply(model, evaluation('high', false));
    expect(saved.get(incident?.id ?? '')?.timeline.filter(({ kind }) => kind === 'alert')).toEqual([
      { atMs: 1_000, kind: 'alert', text: 'Grafana: Checkout — complains' },
    ]);
  });

  it('that is over no longer does', async () => {
    const { incidents } = incidentsWith();
    await incidents.recordAlert(model.id, alert(), 'new');
    await incidents.recordAlert(model.id, alert({ endsAtMs: 5_000 }), 'resolved');
    expect(await incidents.apply(model, evaluation('high', false))).toBeNull();
  });

  it('joins the story of an incident that is open, at its beginning and at its end', async () => {
    const { incidents, saved } = incidentsWith();
    await incidents.apply(model, evaluation('high', true));
    await incidents.apply(model, evaluation('high', true));
    await incidents.recordAlert(model.id, alert(), 'new');
    await incidents.recordAlert(model.id, alert({ endsAtMs: 5_000 }), 'resolved');
    const stories = [...saved.values()].flatMap(({ timeline }) => timeline).filter(({ kind }) => kind === 'alert');
    expect(stories.map(({ text }) => text)).toEqual([
      'Grafana: Checkout — complains',
      'Over: Grafana: Checkout — complains',
    ]);
    expect(saved.size).toBe(1);
  });

  it('that could not be noted is noted once when it is sent again, at its beginning and at its end', async () => {
    const firing: ExternalAlert[] = [];
    const { incidents, saved, stored } = incidentsWith(firing);
    await incidents.apply(model, evaluation('high', true));
    await incidents.apply(model, evaluation('high', true));
    const append = stored.appendTimeline.bind(stored);
    const away = (): Promise<void> => Promise.reject(new Error('the store is away'));
    firing.push(alert());
    stored.appendTimeline = away;
    await expect(incidents.recordAlert(model.id, alert(), 'new')).rejects.toThrow('the store is away');
    stored.appendTimeline = append;
    expect(await incidents.recordAlert(model.id, alert(), 'duplicate')).toBe(true);
    expect(await incidents.recordAlert(model.id, alert(), 'duplicate')).toBe(false);
    firing.pop();
    stored.appendTimeline = away;
    const over = alert({ endsAtMs: 5_000 });
    await expect(incidents.recordAlert(model.id, over, 'resolved')).rejects.toThrow('the store is away');
    stored.appendTimeline = append;
    expect(await incidents.recordAlert(model.id, over, 'duplicate')).toBe(true);
    // A beginning that comes late begins nothing.
    expect(await incidents.recordAlert(model.id, alert(), 'duplicate')).toBe(false);
    const stories = [...saved.values()].flatMap(({ timeline }) => timeline).filter(({ kind }) => kind === 'alert');
    expect(stories.map(({ text }) => text)).toEqual([
      'Grafana: Checkout — complains',
      'Over: Grafana: Checkout — complains',
    ]);
  });

  it('that still fires after a restart counts as before', async () => {
    const { incidents } = incidentsWith([alert()]);
    await incidents.restore(model.id);
    expect(await incidents.apply(model, evaluation('high', false))).not.toBeNull();
  });
});

describe('a change that somebody tells of', () => {
  const changed = (...changes: readonly (readonly [atMs: number, text: string])[]): Evaluation => {
    const judged = evaluation('high', true);
    const told = changes.map(([atMs, text]) => ({ atMs, kind: 'deployment' as const, text }));
    return { ...judged, diagnosis: { ...judged.diagnosis, changes: told } };
  };
  const linesOf = (saved: ReadonlyMap<string, Incident>) =>
    [...saved.values()].flatMap(({ timeline }) =>
      timeline.filter(({ kind }) => kind === 'change').map(({ text }) => text),
    );

  it('joins the story of the incident that is open, once, over a restart too', async () => {
    const { incidents, saved, stored } = incidentsWith();
    const nowMs = Date.now();
    const before = [nowMs - 60_000, 'v11'] as const;
    await incidents.apply(model, changed(before));
    await incidents.apply(model, changed(before));
    expect(linesOf(saved)).toEqual(['v11']);
    const fix = [nowMs, 'v12'] as const;
    await incidents.apply(model, changed(before, fix));
    await incidents.apply(model, changed(before, fix));
    expect(linesOf(saved)).toEqual(['v11', 'v12']);
    const restarted = incidentsInMemory(saved, { incidents: stored });
    await restarted.restore(model.id);
    await restarted.apply(model, changed(before, fix, [nowMs, 'rolled back']));
    expect(linesOf(saved)).toEqual(['v11', 'v12', 'rolled back']);
  });

  it('long before it opened is no part of its story', async () => {
    const { incidents, saved } = incidentsWith();
    await incidents.apply(model, changed());
    await incidents.apply(model, changed());
    await incidents.apply(model, changed([Date.now() - 90_000_000, 'v10']));
    expect(linesOf(saved)).toEqual([]);
  });
});

describe('the severity of an open incident', () => {
  it('stays while looks go up and down, rises once, and falls only after thirty milder looks', async () => {
    const { incidents, saved } = incidentsWith();
    const linesOf = (of: IncidentRow | null) => saved.get(of?.id ?? '')?.timeline ?? [];
    const evaluateOnce = (severity: Severity): Promise<IncidentRow | null> =>
      incidents.apply(model, evaluation(severity, true));
    await evaluateOnce('high');
    expect((await evaluateOnce('high'))?.severity).toBe('high');
    for (let i = 0; i < 10; i += 1) {
      expect((await evaluateOnce('critical'))?.severity).toBe('high');
      expect((await evaluateOnce('high'))?.severity).toBe('high');
    }
    await evaluateOnce('critical');
    const risen = await evaluateOnce('critical');
    expect(risen?.severity).toBe('critical');
    const risenLines = linesOf(risen);
    expect(risenLines.at(-1)?.text).toBe('Severity rose from high to critical: So it was judged.');
    for (let i = 0; i < 29; i += 1)
      expect((await evaluateOnce(i % 2 === 0 ? 'medium' : 'low'))?.severity).toBe('critical');
    const fallen = await evaluateOnce('low');
    expect(fallen?.severity).toBe('medium');
    expect(linesOf(fallen)).toHaveLength(risenLines.length + 1);
  });

  it('is taken up as it was after a restart', async () => {
    const { incidents } = incidentsWith();
    await incidents.apply(model, evaluation('critical', true));
    await incidents.apply(model, evaluation('critical', true));
    await incidents.restore(model.id);
    for (let i = 0; i < 5; i += 1)
      expect((await incidents.apply(model, evaluation('low', true)))?.severity).toBe('critical');
  });
});

it('keeps the diagnosis people decided on while the action takes effect, unless it gets worse', async () => {
  let underWay = false;
  const { incidents } = incidentsWith([], () => underWay);
  const evaluateOnce = async (severity: Severity, cause: CauseId): Promise<string | undefined> => {
    await incidents.apply(model, evaluation(severity, true, cause));
    const incident = await incidents.apply(model, evaluation(severity, true, cause));
    return incident?.diagnosis.causes[0]?.id;
  };
  expect(await evaluateOnce('medium', 'unit-change')).toBe('unit-change');
  underWay = true;
  expect(await evaluateOnce('low', 'input-drift')).toBe('unit-change');
  expect(await evaluateOnce('critical', 'endpoint-errors')).toBe('endpoint-errors');
  underWay = false;
  expect(await evaluateOnce('low', 'input-drift')).toBe('input-drift');
});

it('does not take turns between two causes that explain a window about equally well', async () => {
  const { incidents } = incidentsWith();
  const told: (string | undefined)[] = [];
  for (let evaluations = 0; evaluations < 120; evaluations += 1) {
    const cause = Math.floor(evaluations / 3) % 2 === 0 ? 'input-drift' : 'seasonal-pattern';
    const incident = await incidents.apply(model, evaluation('low', true, cause));
    told.push(incident?.diagnosis.causes[0]?.id);
  }
  const changes = told.filter(
    (cause, i) => i > 0 && cause !== undefined && told[i - 1] !== undefined && cause !== told[i - 1],
  );
  expect(changes).toEqual(['seasonal-pattern']);
});

it('tells its severity in its own words, also where another evaluation judged it otherwise', async () => {
  const { incidents } = incidentsWith();
  const judged = (severity: Severity, cause: CauseId): Evaluation => {
    const plain = evaluation(severity, true, cause);
    const severityReason = `Judged ${severity}.`;
    return {
      ...plain,
      diagnosis: { ...plain.diagnosis, severityReason },
      explanation: {
        headline: 'Something.',
        paragraphs: [`Severity ${severity}: ${severityReason} Seen in 40 calls.`],
      },
    };
  };
  const evaluateOnce = (severity: Severity, cause: CauseId) => incidents.apply(model, judged(severity, cause));
  await evaluateOnce('high', 'endpoint-errors');
  await evaluateOnce('high', 'endpoint-errors');
  await evaluateOnce('low', 'input-drift');
  const held = await evaluateOnce('low', 'input-drift');
  expect(held?.diagnosis.causes[0]?.id).toBe('input-drift');
  expect([held?.severity, held?.diagnosis.severity, held?.diagnosis.severityReason]).toEqual([
    'high',
    'high',
    'Judged high.',
  ]);
  expect(held?.explanation.paragraphs).toEqual([
    'Severity high: Judged high. By the evidence for this cause alone it would be low: Judged low. Seen in 40 calls.',
  ]);
});

it('is closed while only labels are late', async () => {
  const { incidents } = incidentsWith();
  await incidents.apply(model, evaluation('high', true, 'unit-change'));
  expect(await incidents.apply(model, evaluation('high', true, 'unit-change'))).not.toBeNull();
  for (let i = 0; i < 3; i += 1) await incidents.apply(model, evaluation('low', false, 'label-delay'));
  expect(incidents.current(model.id)).toBeNull();
});

describe('the size of an open incident', () => {
  const impactOf = (share: number): Impact => ({
    harm: 'no-answer',
    share,
    interval: { low: share, high: share, level: 0.95 },
    basis: 'counted',
    sentence: `${100 * share} % of the calls get no prediction.`,
  });
  const sized = (share: number, atMs: number): Evaluation => {
    const plain = evaluation('critical', true, 'endpoint-errors');
    return {
      ...plain,
      explanation: { headline: 'Calls fail.', summary: `About ${100 * share} % of the calls fail.`, paragraphs: [] },
      diagnosis: { ...plain.diagnosis, atMs, impact: impactOf(share) },
    };
  };

  it('is told as it is now, and as it was at its worst', async () => {
    const { incidents, saved } = incidentsWith();
    const evaluateOnce = (share: number, atMs: number) => incidents.apply(model, sized(share, atMs));
    await evaluateOnce(0.1, 0);
    await evaluateOnce(0.1, 1_000);
    // A trifle soon after is no news, a leap is.
    expect((await evaluateOnce(0.16, 2_000))?.diagnosis.impact?.share).toBe(0.1);
    const grown = await evaluateOnce(0.95, 3_000);
    expect([grown?.diagnosis.impact?.share, grown?.worst?.impact.share]).toEqual([0.95, 0.95]);
    expect(grown?.explanation.summary).toBe('About 95 % of the calls fail.');
    const less = await evaluateOnce(0.5, 120_000);
    expect([less?.diagnosis.impact?.share, less?.worst]).toEqual([0.5, { impact: impactOf(0.95), atMs: 3_000 }]);
    expect(less?.explanation.summary).toBe(
      'About 50 % of the calls fail. At its worst, at 1970-01-01 00:00 UTC, it was 95 %.',
    );
    const lines = saved.get(less?.id ?? '')?.timeline.map(({ text }) => text) ?? [];
    expect(lines.filter((text) => text.startsWith('It became worse'))).toEqual([
      'It became worse: 95 % of the calls get no prediction.',
    ]);
  });

  it('does not shrink while an action takes effect on which people decided, and grows', async () => {
    let underWay = false;
    const { incidents } = incidentsWith([], () => underWay);
    const evaluateOnce = async (share: number, atMs: number) =>
      (await incidents.apply(model, sized(share, atMs)))?.diagnosis.impact?.share;
    await evaluateOnce(0.5, 0);
    await evaluateOnce(0.5, 0);
    underWay = true;
    expect(await evaluateOnce(0.1, 100_000)).toBe(0.5);
    expect(await evaluateOnce(0.9, 200_000)).toBe(0.9);
  });
});

it('tells that an incident was opened, changed or closed once it is so', async () => {
  const told: string[] = [];
  const publish = (event: DomainEvent): void => {
    const current = incidents.current(model.id);
    if ('incident' in event)
      told.push(`${event.kind} ${current === event.incident ? 'in force' : String(current?.id)}`);
  };
  const incidents: IncidentManager = incidentsInMemory(new Map(), { events: { publish } });
  for (const severity of ['high', 'high', 'critical', 'critical'] as const)
    await incidents.apply(model, evaluation(severity, true));
  for (let evaluations = 0; evaluations < 3; evaluations += 1) await incidents.apply(model, evaluation('none', false));
  for (let evaluations = 0; evaluations < 2; evaluations += 1) await incidents.apply(model, evaluation('high', true));
  await incidents.leave(model.id, 'the model was removed', () => Promise.resolve());
  expect(told).toEqual([
    'incident-opened in force',
    'incident-updated in force',
    'incident-closed undefined',
    'incident-opened in force',
    'incident-closed undefined',
  ]);
});

it('makes the newest proposals, also when the targets of older ones answer after theirs', async () => {
  const made: string[][] = [];
  const asked: { readonly proposals: readonly Proposal[]; readonly answer: () => void }[] = [];
  let tell = (): void => undefined;
  const incidents = incidentsInMemory(
    new Map(),
    {
      governance: {
        ...NOBODY_DECIDES,
        async resolve(proposals) {
          await new Promise<void>((answer) => {
            asked.push({ proposals, answer });
            tell();
          });
          return proposals;
        },
        propose: (_, proposals) => {
          made.push(proposals.map(({ title }) => title));
          return Promise.resolve([]);
        },
      },
    },
    FIRM_AT_ONCE,
  );
  const proposing = (title: string): Evaluation => ({
    ...evaluation('high', true, 'unit-change'),
    proposals: [proposal('retrain', title)],
  });
  const isAsked = (): Promise<void> => new Promise((resolve) => (tell = resolve));
  await incidents.apply(model, proposing('older'));
  const first = isAsked();
  const older = incidents.apply(model, proposing('older'));
  await first;
  const second = isAsked();
  const newer = incidents.refreshProposals(model.id, proposing('newer'));
  await second;
  asked[1]?.answer();
  await newer;
  asked[0]?.answer();
  await older;
  expect(made).toEqual([['newer']]);
});
