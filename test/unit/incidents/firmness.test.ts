import { expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Finding, FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { createIncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { proposal, silentLogger } from '../../integration/governance/harness.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, storedIncidents } from './fixtures.js';

const model = sampleStatus('fraud').model;

function managed() {
  const saved = new Map<string, Incident>();
  const proposed: (readonly string[])[] = [];
  const incidents = createIncidentManager({
    incidents: storedIncidents(saved),
    lessons: { save: () => Promise.resolve() },
    alerts: { list: () => Promise.resolve([]) },
    governance: {
      resolve: (proposals) => Promise.resolve(proposals),
      propose(_, proposals) {
        proposed.push(proposals.map(({ cause }) => cause));
        return Promise.resolve([]);
      },
      verify: () => Promise.resolve(),
      withdraw: () => Promise.resolve(),
      records: () => Promise.resolve([]),
      isActionUnderWay: () => Promise.resolve(false),
    },
    events: { publish: () => undefined },
    clock: systemClock,
    ids: { next: () => 'one' },
    logger: silentLogger,
    remember,
  });
  return { incidents, proposed };
}

const SUBJECT: FindingSubject = 'feature:income';

/** An evaluation that blames one feature. @param back what is as before by the newest rows */
function blaming(cause: CauseId, back: readonly FindingSubject[] = []): Evaluation {
  const plain = evaluation('medium', true, cause);
  const findings = [{ subject: SUBJECT, kind: 'data', detector: 'numeric-drift' }] as unknown as readonly Finding[];
  const [first] = plain.diagnosis.causes;
  return {
    ...plain,
    findings,
    backToNormal: new Set(back),
    proposals: [{ ...proposal(), cause }],
    explanation: { headline: `fraud: ${cause}. So it is.`, paragraphs: [] },
    diagnosis: {
      ...plain.diagnosis,
      findings,
      features: ['income'],
      causes: first === undefined ? [] : [{ ...first, title: cause }],
    },
  };
}

it('says what it looks into until the cause is firm, and proposes nothing before', async () => {
  const { incidents, proposed } = managed();
  const apply = () => incidents.apply(model, blaming('unit-change'));
  await apply();
  const opened = await apply();
  expect(opened?.explanation.headline).toBe('fraud: looking into it: “income” changed; most likely: unit-change.');
  for (let more = 2; more < DEFAULT_HYSTERESIS.firm.specific; more += 1) await apply();
  expect(proposed).toEqual([]);
  const firm = await apply();
  expect(firm?.explanation.headline).toBe('fraud: unit-change. So it is.');
  for (let more = 0; more < 20; more += 1) await apply();
  expect(proposed).toEqual([['unit-change']]);
});

it('gives way at once before it is firm, and late once it is', async () => {
  const { incidents } = managed();
  const causeAfter = async (times: number, cause: CauseId): Promise<CauseId | undefined> => {
    for (let i = 1; i < times; i += 1) await incidents.apply(model, blaming(cause));
    return (await incidents.apply(model, blaming(cause)))?.diagnosis.causes[0]?.id;
  };
  expect(await causeAfter(2, 'new-categories')).toBe('new-categories');
  expect(await causeAfter(2, 'category-rename')).toBe('category-rename');
  await causeAfter(DEFAULT_HYSTERESIS.firm.specific, 'category-rename');
  expect(await causeAfter(DEFAULT_HYSTERESIS.changeFirm - 1, 'swapped-columns')).toBe('category-rename');
  expect(await causeAfter(1, 'swapped-columns')).toBe('swapped-columns');
});

it('keeps a firm cause while what it blames recovers, and closes on the newest rows', async () => {
  const { incidents, proposed } = managed();
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, blaming('category-rename'));
  const { closeMixed } = DEFAULT_HYSTERESIS;
  for (let i = 1; i < closeMixed; i += 1) {
    const open = await incidents.apply(model, blaming('traffic-mix-change', [SUBJECT]));
    expect(open?.diagnosis.causes[0]?.id).toBe('category-rename');
  }
  expect(proposed).toEqual([['category-rename']]);
  expect(await incidents.apply(model, blaming('traffic-mix-change', [SUBJECT]))).toBeNull();
});
