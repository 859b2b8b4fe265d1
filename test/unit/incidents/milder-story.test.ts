import { expect, it } from 'vitest';
import type { CauseId } from '../../../exporter/src/domain/cause.js';
import type { Finding, FindingSubject } from '../../../exporter/src/domain/finding.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Lesson } from '../../../exporter/src/domain/lesson.js';
import type { Severity } from '../../../exporter/src/domain/severity.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { sampleStatus } from '../metrics/sample-status.js';
import { evaluation, incidentsInMemory } from './fixtures.js';

const model = sampleStatus('fraud').model;
const { change, changeFirm, changeRecovering, close, milder } = DEFAULT_HYSTERESIS;

function managed() {
  const [saved, lessons] = [new Map<string, Incident>(), new Array<Lesson>()];
  const incidents = incidentsInMemory(saved, {
    lessons: { save: (lesson) => Promise.resolve(void lessons.push(lesson)) },
  });
  const see = async (now: Evaluation, times: number) => {
    for (let i = 0; i < times; i += 1) await incidents.apply(model, now);
  };
  const told = () =>
    [...saved.values()].map(({ diagnosis, severity, closedAtMs }) => [
      diagnosis.causes[0]?.id,
      severity,
      closedAtMs === null ? 'open' : 'closed',
    ]);
  return { incidents, saved, lessons, see, told };
}

/** @param subjects what is found */
function naming(cause: CauseId, severity: Severity, subjects: readonly FindingSubject[], pages = true): Evaluation {
  const plain = evaluation(severity, pages, cause);
  const findings = subjects.map((subject) => ({ subject, kind: 'model', detector: cause })) as unknown as Finding[];
  return { ...plain, findings, diagnosis: { ...plain.diagnosis, findings } };
}
const CLEAR = evaluation('none', false, 'none');
const swapped = naming('model-changed', 'high', ['golden']);
/** What is left of it in a window, of another name and a signal of its own. */
const decay = naming('calibration-decay', 'low', ['confidence']);
const flood = naming('null-flood', 'medium', ['feature:occupation']);
const mix = naming('traffic-mix-change', 'low', ['feature:occupation']);

it.each([
  ['of another signal', swapped, decay, 'model-changed', 'high'],
  ['of the same signal', flood, mix, 'null-flood', 'medium'],
] as const)(
  'ends as what it was, and is remembered so, though recovery looks like a milder fault %s',
  async (_, fault, left, cause, severity) => {
    const { see, told, lessons } = managed();
    await see(fault, 10);
    await see(left, changeRecovering - 1);
    expect(told()).toEqual([[cause, severity, 'open']]);
    await see(CLEAR, close);
    expect(told()).toEqual([[cause, severity, 'closed']]);
    expect(lessons).toMatchObject([{ cause, severity }]);
  },
);

it('ends where none of its signals is found any more, and what goes on is an incident of its own', async () => {
  const { see, told, saved } = managed();
  await see(swapped, 10);
  await see(decay, changeRecovering + DEFAULT_HYSTERESIS.open);
  expect(told()).toEqual([
    ['model-changed', 'high', 'closed'],
    ['calibration-decay', 'low', 'open'],
  ]);
  expect(saved.get('incident-1')?.timeline.map(({ kind, text }) => [kind, text])).toContainEqual([
    'recovered',
    'Nothing of it is found any more; what is found since is another fault.',
  ]);
});

it('is told anew where a signal of it is found for long and blamed on something milder', async () => {
  const { see, told } = managed();
  await see(flood, 10);
  await see(mix, changeRecovering);
  expect(told()).toEqual([['traffic-mix-change', 'low', 'open']]);
});

it('gives way to a worse fault, or one as bad, as soon as before', async () => {
  const { see, told } = managed();
  await see(flood, 10);
  await see(naming('unit-change', 'medium', ['feature:occupation']), changeFirm);
  expect(told()).toEqual([['unit-change', 'medium', 'open']]);
  await see(naming('model-changed', 'high', ['golden', 'feature:occupation']), Math.max(change, changeFirm));
  expect(told()).toEqual([['model-changed', 'high', 'open']]);
});

it('keeps its severity while what it blames is on its way back', async () => {
  const { see, told } = managed();
  await see(swapped, 10);
  const fading = { ...naming('model-changed', 'low', ['golden']), backToNormal: new Set<FindingSubject>(['golden']) };
  await see({ ...fading, findings: [...fading.findings, ...decay.findings] }, milder + 1);
  expect(told()).toEqual([['model-changed', 'high', 'open']]);
});

it('an outage that turns to another way of failing is told by that soon, though it is milder', async () => {
  const { see, told } = managed();
  const out = (cause: CauseId, severity: Severity): Evaluation => {
    const plain = naming(cause, severity, ['errors']);
    const findings = plain.findings.map((finding): Finding => ({ ...finding, detector: 'unreachable' }));
    return { ...plain, findings, diagnosis: { ...plain.diagnosis, findings } };
  };
  await see(out('model-unreachable', 'critical'), 60);
  await see(out('credentials-refused', 'high'), change + 1);
  expect(told().map(([cause]) => cause)).toEqual(['credentials-refused']);
});
