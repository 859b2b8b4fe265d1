import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Finding, FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { isJustOver } from '../../../exporter/src/incidents/outage-over.js';
import { asShown } from '../../../exporter/src/incidents/story.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { incidentUseCases } from '../../../exporter/src/application/incidents.js';
import { incident, proposal } from '../../integration/governance/harness.js';
import { evaluation, incidentsInMemory, NOBODY_DECIDES } from './fixtures.js';

const model = sampleStatus('fraud').model;
const SINCE_MS = Date.UTC(2026, 10, 30, 21, 54);

/** @param found what each finding is about, by its detector */
function naming(
  cause: CauseId,
  found: Readonly<Record<string, FindingSubject>>,
  over: Partial<Evaluation>,
): Evaluation {
  const plain = evaluation(cause === 'slow-endpoint' ? 'medium' : 'critical', true, cause);
  const findings = Object.entries(found).map(([detector, subject]) => ({ subject, kind: 'service', detector }));
  const found_ = findings as unknown as readonly Finding[];
  return {
    ...plain,
    findings: found_,
    proposals: [{ ...proposal(), cause }],
    explanation: { headline: `fraud: ${cause}. So it is.`, paragraphs: [] },
    diagnosis: { ...plain.diagnosis, findings: found_ },
    ...over,
  };
}
const out = naming('model-unreachable', { unreachable: 'errors' }, {});
/** Calls are answered again, and of the outage so many failures are left in the window. */
const ending = naming('endpoint-errors', { 'error-rate': 'errors' }, { answeredSinceMs: SINCE_MS });
const late = naming('slow-endpoint', { 'latency-regression': 'latency_seconds' }, { answeredSinceMs: SINCE_MS });
const ended = { ...ending, backToNormal: new Set<FindingSubject>(['errors']) };

const evaluatedAt = (atMs: number) => ({ ...ending, diagnosis: { ...ending.diagnosis, atMs } });

function managed() {
  const [saved, proposed] = [new Map<string, Incident>(), new Array<CauseId>()];
  const incidents = incidentsInMemory(saved, {
    governance: {
      ...NOBODY_DECIDES,
      propose(_, proposals) {
        proposed.push(...proposals.map(({ cause }) => cause));
        return Promise.resolve([]);
      },
    },
  });
  const see = async (now: Evaluation, times: number) => {
    for (let i = 0; i < times; i += 1) await incidents.apply(model, now);
  };
  const causes = () => [...saved.values()].map(({ diagnosis, severity }) => [diagnosis.causes[0]?.id, severity]);
  return { incidents, proposed, see, causes, saved };
}

describe('an outage that ends', () => {
  it('stays what it was while its failures are in the window, and nothing new is proposed', async () => {
    const { incidents, proposed, see, causes } = managed();
    await see(out, 5);
    await see(ending, 200);
    expect(causes()).toEqual([['model-unreachable', 'critical']]);
    const open = incidents.current(model.id);
    expect(open && asShown(open, ending).explanation.headline).toBe(
      'fraud: answers again since 2026-11-30 21:54 UTC; it was: model-unreachable. So it is.',
    );
    expect(
      open && [SINCE_MS + 4_999, SINCE_MS + 5_000].map((atMs) => asShown(open, evaluatedAt(atMs)).severity),
    ).toEqual(['critical', 'low']);
    await see(ended, DEFAULT_HYSTERESIS.closeMixed);
    expect(incidents.current(model.id)).toBeNull();
    expect(causes()).toEqual([['model-unreachable', 'critical']]);
    expect([...new Set(proposed)]).toEqual(['model-unreachable']);
  });

  it('is closed as what it was where answers are late since, which is an incident of its own', async () => {
    const { see, causes, saved } = managed();
    await see(out, 5);
    await see(late, DEFAULT_HYSTERESIS.closeMixed);
    expect([...saved.values()].map(({ closedAtMs }) => closedAtMs !== null)).toEqual([true]);
    await see(late, 2);
    expect(causes()).toEqual([
      ['model-unreachable', 'critical'],
      ['slow-endpoint', 'medium'],
    ]);
  });

  it('is not opened again for the failures that are left of it once it is closed', async () => {
    const { incidents, see, saved } = managed();
    await see(out, 5);
    await see(ended, DEFAULT_HYSTERESIS.closeMixed);
    await see(ending, 10);
    expect([incidents.current(model.id), saved.size]).toEqual([null, 1]);
    await see({ ...ending, answeredSinceMs: null }, 2);
    expect(saved.size).toBe(2);
  });

  it('stays open for twice as long as it lasted where nothing is found any more, for it may come in bursts', async () => {
    const { incidents, see } = managed();
    await see(out, 5);
    const openedAtMs = incidents.current(model.id)?.openedAtMs ?? NaN;
    const clearAt = (afterMs: number): Evaluation => {
      const clear = evaluation('none', false);
      const atMs = openedAtMs + afterMs;
      return { ...clear, answeredSinceMs: openedAtMs + 7_000, diagnosis: { ...clear.diagnosis, atMs } };
    };
    await see(clearAt(20_999), DEFAULT_HYSTERESIS.close + 1);
    expect(incidents.current(model.id)).not.toBeNull();
    await see(clearAt(21_000), DEFAULT_HYSTERESIS.close);
    expect(incidents.current(model.id)).toBeNull();
  });

  it('lasted from its first failed call on, also where that was before its incident, or all of it was', () => {
    const open = { ...incident('i'), openedAtMs: 11_000, diagnosis: { ...out.diagnosis, sinceMs: 0 } };
    const atMs = (now: number) => ({ answeredSinceMs: 12_000, diagnosis: { ...ending.diagnosis, atMs: now } });
    expect([13_000, 14_000, 35_999, 36_000].map((now) => isJustOver(open, atMs(now)))).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(isJustOver({ ...open, openedAtMs: 13_000 }, atMs(14_000))).toBe(true);
  });

  it('is in a list and by itself as its model shows it, until it closes', async () => {
    const { incidents, see, saved } = managed();
    await see(out, 5);
    const now = evaluatedAt(SINCE_MS + 5_000);
    const none = () => Promise.reject(new Error('nobody asks'));
    const told = incidentUseCases(
      {
        incidents,
        clock: { now: () => SINCE_MS, sleep: none },
        fleet: { has: () => true, evaluation: () => now, knownLessons: () => [], recallLessons: none },
        store: {
          incidents: {
            list: () => Promise.resolve([...saved.values()]),
            get: (id) => Promise.resolve(saved.get(id) ?? null),
          },
          alertFeedback: { list: none, save: none },
          governance: none,
        },
        auditNote: () => none,
        renderReport: none,
      },
      { criticalErrorShare: () => 0.5 },
    );
    const open = incidents.current(model.id);
    const shown = open && asShown(open, now);
    expect(shown?.severity).toBe('low');
    const [listed] = await told.list({ limit: 10 });
    for (const incident of [listed, open && (await told.get(open.id))])
      expect(incident).toMatchObject({
        severity: 'low',
        explanation: { headline: shown?.explanation.headline },
        diagnosis: { severity: 'low' },
      });
    expect(listed?.diagnosis.severityReason).toMatch(/^Calls are answered again\. Until then it was critical/);
    expect(open && (await told.stored(open.id)).severity).toBe('critical');
    await see(ended, DEFAULT_HYSTERESIS.closeMixed);
    expect((await told.list({ limit: 10 })).map(({ severity }) => severity)).toEqual(['critical']);
  });

  it('is one whatever makes every response useless: it goes back to failing by no evaluation of calls that are answered', async () => {
    const { incidents, see, saved } = managed();
    const changed = naming('answer-schema-changed', { unreachable: 'errors' }, {});
    await see(changed, 5);
    // What is left of it in the window is found, and is not yet known to be over.
    const left = naming('answer-schema-changed', { 'error-rate': 'errors' }, { answeredSinceMs: SINCE_MS });
    const later = { ...left, diagnosis: { ...left.diagnosis, atMs: SINCE_MS + 5_000 } };
    await see(later, 200);
    const open = incidents.current(model.id);
    expect(open && asShown(open, later)).toMatchObject({
      severity: 'low',
      explanation: {
        headline: 'fraud: answers again since 2026-11-30 21:54 UTC; it was: answer-schema-changed. So it is.',
      },
    });
    expect([...saved.values()].map(({ severity }) => severity)).toEqual(['critical']);
  });

  it('gives way to errors that go on between answers', async () => {
    const { see, causes } = managed();
    await see(out, 5);
    await see({ ...ending, answeredSinceMs: null }, 3);
    expect(causes()).toEqual([['endpoint-errors', 'critical']]);
  });

  it('is an outage again when it comes back', async () => {
    const { incidents, see, causes } = managed();
    await see(out, 5);
    await see(ended, DEFAULT_HYSTERESIS.closeMixed - 1);
    await see(out, 1);
    await see(ended, DEFAULT_HYSTERESIS.closeMixed - 1);
    expect(incidents.current(model.id)).not.toBeNull();
    expect(causes()).toEqual([['model-unreachable', 'critical']]);
  });
});
