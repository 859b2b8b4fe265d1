import { expect, it, vi } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { DecisionRecord } from '../../../exporter/src/domain/decision-record.js';
import { CHECKS_BY_BASELINE_ROWS, type Finding, type FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Impact } from '../../../exporter/src/domain/impact.js';
import type { Incident, IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { asShown } from '../../../exporter/src/incidents/story.js';
import { shownDiagnosis } from '../../../exporter/src/incidents/taken-up.js';
import { proposal } from '../../integration/governance/harness.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, incidentsInMemory, NOBODY_DECIDES } from './fixtures.js';

const model = sampleStatus('fraud').model;

/** @param saved what an earlier process left; @param records the proposals that it made */
function managed(saved = new Map<string, Incident>(), records: readonly DecisionRecord[] = []) {
  const proposed: (readonly string[])[] = [];
  const incidents = incidentsInMemory(saved, {
    governance: {
      ...NOBODY_DECIDES,
      propose(_, proposals) {
        proposed.push(proposals.map(({ cause }) => cause));
        return Promise.resolve([]);
      },
      records: () => Promise.resolve(records),
    },
  });
  return { incidents, proposed, saved };
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

/** The evaluation once the model was asked, and what it said confirms the cause. */
const confirmed = (cause: CauseId, atMs: number): Evaluation => {
  const { diagnosis, ...rest } = blaming(cause);
  const explanation = { headline: `fraud: ${cause}. The model confirms it.`, paragraphs: [] };
  return { ...rest, explanation, diagnosis: { ...diagnosis, experiment: { atMs } } } as unknown as Evaluation;
};

it('tells what an experiment confirms, and leaves the proposals for the cause alone', async () => {
  const { incidents, proposed, saved } = managed();
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, blaming('unit-change'));
  expect(proposed).toEqual([['unit-change']]);
  for (let i = 0; i < 2 * DEFAULT_HYSTERESIS.changeFirm; i += 1) {
    const told = await incidents.apply(model, confirmed('unit-change', 5));
    expect(told?.diagnosis.experiment?.atMs).toBe(5);
    expect(told?.explanation.headline).toBe('fraud: unit-change. The model confirms it.');
  }
  expect(proposed).toEqual([['unit-change']]);
  const texts = saved.get('incident-1')?.timeline.map(({ text }) => text) ?? [];
  expect(texts.filter((text) => text.includes('confirms it'))).toHaveLength(1);
});

it('counts on towards a firm cause when an experiment confirms it meanwhile', async () => {
  const { incidents, proposed } = managed();
  for (let i = 0; i < 4; i += 1) await incidents.apply(model, blaming('unit-change'));
  // It opened with the second, which is the first to count: three have told the story.
  for (let told = 4; told < DEFAULT_HYSTERESIS.firm.specific; told += 1) {
    const open = await incidents.apply(model, confirmed('unit-change', 5));
    expect(open?.diagnosis.experiment?.atMs).toBe(5);
    expect(open?.explanation.headline).toContain('looking into it');
  }
  expect(proposed).toEqual([]);
  const firm = await incidents.apply(model, confirmed('unit-change', 5));
  expect(firm?.explanation.headline).toBe('fraud: unit-change. The model confirms it.');
  expect(proposed).toEqual([['unit-change']]);
});

it('lets a cause that was not firm before a restart prove itself, and then tells it as firm', async () => {
  const before = managed();
  for (let i = 0; i < 2; i += 1) await before.incidents.apply(model, blaming('input-drift'));
  const { incidents, proposed } = managed(before.saved);
  await incidents.restore(model.id);
  for (let told = 2; told < DEFAULT_HYSTERESIS.firm.general; told += 1) {
    const open = await incidents.apply(model, blaming('input-drift'));
    expect(open?.explanation.headline).toContain('looking into it');
  }
  expect(proposed).toEqual([]);
  const firm = await incidents.apply(model, blaming('input-drift'));
  expect(firm?.explanation.headline).toBe('fraud: input-drift. So it is.');
  for (let more = 0; more < 20; more += 1) await incidents.apply(model, blaming('input-drift'));
  expect(proposed).toEqual([['input-drift']]);
});

it('goes on with a cause that was firm before a restart, and proposes nothing anew', async () => {
  const before = managed();
  for (let i = 0; i < 10; i += 1) await before.incidents.apply(model, blaming('unit-change'));
  const made = {
    recommendation: { proposedBy: { kind: 'system' }, cause: 'unit-change' },
  } as unknown as DecisionRecord;
  const { incidents, proposed, saved } = managed(before.saved, [made]);
  await incidents.restore(model.id);
  const lines = saved.get('incident-1')?.timeline.length;
  for (let i = 1; i < DEFAULT_HYSTERESIS.changeFirm; i += 1) {
    const open = await incidents.apply(model, blaming('swapped-columns'));
    expect(open?.explanation.headline).toBe('fraud: unit-change. So it is.');
  }
  await incidents.apply(model, blaming('unit-change'));
  expect(proposed).toEqual([]);
  expect(saved.get('incident-1')?.timeline).toHaveLength(lines ?? -1);
});

it('tells a cause as firm also where the store refused the evaluation that made it so', async () => {
  const { incidents, proposed, saved } = managed();
  const { firm } = DEFAULT_HYSTERESIS;
  for (let i = 0; i < firm.specific; i += 1) await incidents.apply(model, blaming('unit-change'));
  const refusing = vi.spyOn(saved, 'set').mockImplementationOnce(() => {
    throw new Error('the store is away');
  });
  await expect(incidents.apply(model, blaming('unit-change'))).rejects.toThrow('the store is away');
  refusing.mockRestore();
  const told = await incidents.apply(model, blaming('unit-change'));
  expect(told?.explanation.headline).toBe('fraud: unit-change. So it is.');
  expect(proposed).toEqual([['unit-change']]);
});

/** An evaluation by which no call is answered. */
function unanswered(): Evaluation {
  const plain = evaluation('critical', true, 'model-unreachable');
  const findings = [{ subject: 'errors', kind: 'service', detector: 'unreachable' }] as unknown as readonly Finding[];
  return { ...plain, findings, diagnosis: { ...plain.diagnosis, findings } };
}

it('tells at once that no call is answered, whatever is open, and soon that it is over', async () => {
  const { incidents } = managed();
  for (let i = 0; i < 3 * DEFAULT_HYSTERESIS.changeFirm; i += 1) await incidents.apply(model, blaming('unit-change'));
  const told = async (now: Evaluation) => {
    const open = await incidents.apply(model, now);
    return [open?.diagnosis.causes[0]?.id, open?.severity];
  };
  expect(await told(unanswered())).toEqual(['model-unreachable', 'critical']);
  for (let i = 0; i < 3 * DEFAULT_HYSTERESIS.changeFirm; i += 1) await told(unanswered());
  await told(blaming('unit-change'));
  await told(blaming('unit-change'));
  await told(blaming('unit-change'));
  expect((await told(blaming('unit-change')))[0]).toBe('unit-change');
  expect((await told(unanswered()))[0]).toBe('model-unreachable');
});

it('takes the severity of a milder story with it once what the worse one blamed is over', async () => {
  const { incidents } = managed();
  const slow = (more: readonly object[]): Evaluation => {
    const plain = evaluation('medium', true, 'slow-endpoint');
    const own = { subject: 'latency_seconds', kind: 'service', detector: 'latency-regression' };
    const findings = [own, ...more] as unknown as readonly Finding[];
    return { ...plain, findings, diagnosis: { ...plain.diagnosis, findings } };
  };
  const told = async (now: Evaluation) => {
    let open: IncidentRow | null = null;
    for (let i = 0; i < 5; i += 1) open = await incidents.apply(model, now);
    return [open?.diagnosis.causes[0]?.id, open?.severity];
  };
  expect(await told(unanswered())).toEqual(['model-unreachable', 'critical']);
  const failing = { subject: 'errors', kind: 'service', detector: 'error-rate' };
  expect(await told(slow([failing]))).toEqual(['slow-endpoint', 'critical']);
  expect(await told(unanswered())).toEqual(['model-unreachable', 'critical']);
  for (let i = 0; i < 4; i += 1) await told(slow([]));
  expect(await told(slow([]))).toEqual(['slow-endpoint', 'medium']);
});

it('shows an open incident as past while evaluations find nothing but what is over', async () => {
  const { incidents } = managed();
  for (let i = 0; i < 5; i += 1) await incidents.apply(model, unanswered());
  const open = await incidents.apply(model, unanswered());
  if (open === null) throw new Error('no incident opened');
  const headlineIn = (now: Evaluation | null) => asShown(open, now).explanation.headline;
  expect([headlineIn(null), headlineIn(unanswered())]).toEqual(Array(2).fill(open.explanation.headline));
  const over = { ...unanswered(), backToNormal: new Set<FindingSubject>(['errors']) };
  expect(headlineIn(over)).toBe(`over, it seems; it was: ${open.explanation.headline}`);
  const named = { ...open, explanation: { ...open.explanation, headline: 'fraud: Moved: 1 of 2 calls failed.' } };
  expect(asShown(named, over).explanation.headline).toBe('fraud: over, it seems; it was: Moved: 1 of 2 calls failed.');
});

/** An evaluation of rows since a time. @param parts what it could tell of them */
function seenSince(fromMs: number, samples: number, parts: Partial<Evaluation['diagnosis']>): Evaluation {
  const { diagnosis, explanation, ...rest } = blaming('unit-change');
  const window = { fromMs, toMs: fromMs + 10, samples };
  const whole = { ...diagnosis, atMs: 1_000 * fromMs, window, impact: null, decomposition: null, attributions: [] };
  const told = { ...explanation, paragraphs: [`Seen in ${samples} calls.`] };
  return { ...rest, explanation: told, diagnosis: { ...whole, ...parts } };
}
const IMPACT = { harm: 'wrong-answer', share: 0.3, sentence: '30 % are wrong.' } as unknown as Impact;
const ATTRIBUTED = { attributions: [{ feature: 'income', value: 0.2 }] } as unknown as Partial<Evaluation['diagnosis']>;
const RICH = { ...ATTRIBUTED, impact: IMPACT };

it('leaves what is told of a firm cause, where an evaluation after a restart saw less of it', async () => {
  const records = [
    { recommendation: { proposedBy: { kind: 'system' }, cause: 'unit-change', state: 'pending' } },
  ] as unknown as readonly DecisionRecord[];
  const { incidents, saved } = managed(new Map(), records);
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, seenSince(100, 2_000, RICH));
  const restarted = managed(saved, records).incidents;
  await restarted.restore(model.id);
  for (let i = 0; i < 40; i += 1) {
    const told = await restarted.apply(model, seenSince(300, 300, {}));
    expect(told?.diagnosis).toMatchObject(RICH);
    expect(told?.explanation.paragraphs).toEqual(['Seen in 2000 calls.']);
  }
  const worse = { ...seenSince(400, 300, {}).diagnosis, severity: 'critical', severityReason: 'All are the same.' };
  for (let i = 0; i < DEFAULT_HYSTERESIS.change; i += 1)
    await restarted.apply(model, { ...seenSince(400, 300, {}), diagnosis: { ...worse, severity: 'critical' } });
  const told = restarted.current(model.id);
  expect(told).toMatchObject({ severity: 'critical', diagnosis: { ...RICH, severityReason: 'All are the same.' } });
});

it('tells what was seen anew where it is as much, or much worse', async () => {
  const { incidents } = managed();
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, seenSince(100, 2_000, RICH));
  const grown = { impact: { ...IMPACT, share: 0.8 } };
  const told = await incidents.apply(model, seenSince(300, 300, grown));
  expect(told?.diagnosis.impact?.share).toBe(0.8);
  const all = await incidents.apply(model, seenSince(400, 4_000, {}));
  expect(all?.diagnosis.impact).toBeNull();
});

const GONE = [{ check: CHECKS_BY_BASELINE_ROWS, reason: 'rows are never stored' }];
const found = (detector: string, subject: FindingSubject, now: number): Finding =>
  ({ detector, subject, kind: 'model', now }) as unknown as Finding;
const FELL = found('accuracy-drop', 'accuracy', 0.4);

it.each([
  ['and stays while nothing but that speaks against it', 'concept-drift', [FELL], GONE, 'labels-wrong', 'medium'],
  ['and gives way to a cause that needs none', 'unit-change', [FELL], GONE, 'unit-change', 'high'],
  ['and gives way where they are all there', 'concept-drift', [FELL], [], 'concept-drift', 'high'],
  [
    'and gives way where predictions are in another mix',
    'concept-drift',
    [FELL, found('prediction-mix', 'prediction', 0.3)],
    GONE,
    'concept-drift',
    'high',
  ],
  [
    'and gives way where labels say that much fewer are right by now',
    'concept-drift',
    [found('accuracy-drop', 'accuracy', 0.15)],
    GONE,
    'concept-drift',
    'high',
  ],
] as const)(
  'wrong labels are told by rows that are gone after a restart, %s',
  async (_, now, findings, blindSpots, cause, severity) => {
    const records = [
      { recommendation: { proposedBy: { kind: 'system' }, cause: 'labels-wrong', state: 'pending' } },
    ] as unknown as readonly DecisionRecord[];
    const { incidents, saved } = managed(new Map(), records);
    const before = blaming('labels-wrong');
    const told = { ...before, diagnosis: { ...before.diagnosis, findings: [FELL] } };
    for (let i = 0; i < 10; i += 1) await incidents.apply(model, told);
    const restarted = managed(saved, records).incidents;
    await restarted.restore(model.id);
    const later = blaming(now);
    const diagnosis = { ...later.diagnosis, severity: 'high', findings, blindSpots } as const;
    for (let i = 0; i < 40; i += 1) await restarted.apply(model, { ...later, diagnosis });
    const open = restarted.current(model.id);
    expect([open?.diagnosis.causes[0]?.id, open?.severity]).toEqual([cause, severity]);
  },
);

it('holds no cause over a restart that was not firm yet', async () => {
  const { incidents, saved } = managed();
  for (let i = 0; i < 2; i += 1) await incidents.apply(model, blaming('labels-wrong'));
  const restarted = managed(saved).incidents;
  await restarted.restore(model.id);
  const later = blaming('concept-drift');
  for (let i = 0; i < 40; i += 1)
    await restarted.apply(model, { ...later, diagnosis: { ...later.diagnosis, blindSpots: GONE } });
  expect(restarted.current(model.id)?.diagnosis.causes[0]?.id).toBe('concept-drift');
});

const sawRows = (of: Evaluation, samples: number, findings: readonly Finding[] = of.findings): Evaluation => ({
  ...of,
  findings,
  diagnosis: { ...of.diagnosis, findings, window: { ...of.diagnosis.window, fromMs: 4_119 - samples, samples } },
});

it.each([
  ['stays while fewer rows say otherwise', 'new-categories', 201, [], 'category-rename'],
  ['gives way to as many that do', 'new-categories', 600, [], 'new-categories'],
  ['gives way where calls fail', 'endpoint-errors', 201, [found('error-rate', 'errors', 0.4)], 'endpoint-errors'],
] as const)('what was settled before a restart %s', async (_, cause, samples, more, expected) => {
  const records = [
    { recommendation: { proposedBy: { kind: 'system' }, cause: 'category-rename', state: 'pending' } },
  ] as unknown as readonly DecisionRecord[];
  const { incidents, saved } = managed(new Map(), records);
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, sawRows(blaming('category-rename'), 600));
  const restarted = managed(saved, records);
  await restarted.incidents.restore(model.id);
  const now = blaming(cause);
  const service = more.map((finding): Finding => ({ ...finding, kind: 'service' }));
  for (let i = 0; i < 60; i += 1)
    await restarted.incidents.apply(model, sawRows(now, samples, [...now.findings, ...service]));
  const open = restarted.incidents.current(model.id);
  expect(open?.diagnosis.causes[0]?.id).toBe(expected);
  const last = sawRows(now, samples, [...now.findings, ...service]);
  expect(shownDiagnosis(open, last).causes[0]?.id).toBe(expected);
  if (expected === 'category-rename') expect(restarted.proposed).toEqual([]);
});

it('tells no news of fewer rows after a restart, until as many have come', async () => {
  const records = [
    { recommendation: { proposedBy: { kind: 'system' }, cause: 'unit-change', state: 'pending' } },
  ] as unknown as readonly DecisionRecord[];
  const { incidents, saved } = managed(new Map(), records);
  for (let i = 0; i < 10; i += 1) await incidents.apply(model, seenSince(100, 600, { impact: IMPACT }));
  const restarted = managed(saved, records).incidents;
  await restarted.restore(model.id);
  const other = { impact: { ...IMPACT, share: 0.9 } };
  const told = await restarted.apply(model, seenSince(300, 201, other));
  expect(told?.diagnosis.impact?.share).toBe(0.3);
  const as = await restarted.apply(model, seenSince(300, 600, other));
  expect(as?.diagnosis.impact?.share).toBe(0.9);
});
