import { estimateSuccess } from '../../../exporter/src/incident-history/success-estimate.js';
import { expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../exporter/src/domain/action-target.js';
import type { CauseId, Diagnosis } from '../../../exporter/src/domain/cause.js';
import { modelId, validationId } from '../../../exporter/src/domain/identifiers.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import type { Validation } from '../../../exporter/src/domain/validation.js';
import { recommend } from '../../../exporter/src/recommendation/recommend.js';
import { type RecommendationContext } from '../../../exporter/src/recommendation/context.js';

const diagnosis = (cause: CauseId): Diagnosis => ({
  modelId: modelId('fraud'),
  atMs: 0,
  window: { fromMs: 0, toMs: 1, samples: 500 },
  severity: 'high',
  severityReason: '',
  causes: [
    {
      id: cause,
      title: cause,
      logOdds: 2,
      probability: 0.9,
      supporting: [],
      refuting: [],
      features: [],
      segments: [],
      shareExplained: null,
    },
  ],
  findings: [],
  features: [],
  segments: [],
  decomposition: null,
  attributions: [],
  changes: [],
  unexplained: null,
  experiment: null,
  blindSpots: [],
});
const COMPARED: NonNullable<Validation['comparison']> = {
  inputs: { golden: 0, mirrored: 200, generated: 0 },
  agreement: null,
  numericTolerance: null,
  confidenceShift: { value: 0.1, interval: { low: 0.05, high: 0.15, level: 0.95 } },
  candidateErrors: { count: 0, of: 200, share: 0, interval: { low: 0, high: 0.02, level: 0.95 } },
  currentErrors: null,
  latencyRatio: null,
  latencyDifferenceSeconds: null,
  accuracy: {
    labelled: 200,
    currentRight: 120,
    candidateRight: 150,
    onlyCurrentRight: 5,
    onlyCandidateRight: 35,
    difference: { value: 0.15, interval: { low: 0.09, high: 0.21, level: 0.95 } },
    pValue: 1e-6,
  },
  golden: { compared: 0, asBaseline: 0 },
};
const validation = (
  verdict: Validation['verdict'],
  purpose: Validation['purpose'],
  comparison: Validation['comparison'] = COMPARED,
): Validation => ({
  id: validationId('v-1'),
  modelId: modelId('fraud'),
  candidateUrl: 'https://models.example.org/fraud/v8',
  purpose,
  state: 'finished',
  startedAtMs: 0,
  finishedAtMs: 1,
  currentVersion: null,
  candidateVersion: 'v8',
  calls: 200,
  verdict,
  reasons: ['Both gave the same answer to 100 of 100 inputs.'],
  criteria: [],
  comparison,
  requestedBy: 'ada',
});
const TARGETS: readonly AnyActionTarget[] = [
  {
    executor: 'webhook',
    name: 'cd',
    actions: ['deploy', 'rollback'],
    models: null,
    timeoutMs: 1_000,
    authorizationSecret: null,
    settings: { url: 'https://cd.example.org' },
  },
];
const context = (given: Validation | null): RecommendationContext => ({
  modelId: 'fraud',
  modelName: 'Fraud',
  targets: TARGETS,
  validation: given,
  verification: DEFAULT_VERIFICATION_TIMES,
  track: () => null,
  successEstimate: (cause, action, place) =>
    estimateSuccess(cause, action, place, { fingerprint: {}, atMs: 0, lessons: [] }),
  hasBaseline: true,
  versionStep: { from: 'v7', to: null },
});
const proposals = (cause: CauseId, given: Validation | null) => recommend(diagnosis(cause), context(given));

it('offers a deployment only after a candidate passed, first, with the validation in plan, reason and steps', () => {
  const actions = (given: Validation | null) => proposals('concept-drift', given).map(({ action }) => action);
  for (const given of [
    null,
    validation('fail', 'replace'),
    validation('inconclusive', 'replace'),
    validation('pass', 'restore'),
  ])
    expect(actions(given)).not.toContain('deploy');
  const [first] = proposals('concept-drift', validation('pass', 'replace'));
  expect(first).toMatchObject({
    action: 'deploy',
    priority: 'HIGH',
    plan: {
      executor: 'webhook',
      parameters: { validation: { id: 'v-1', verdict: 'pass', candidate: 'https://models.example.org/fraud/v8' } },
    },
  });
  expect(first?.why).toContain('passed: Both gave the same answer to 100 of 100 inputs.');
  expect(first?.steps.at(-1)).toContain('Validation v-1');
});

it.each([
  ['was compared with nothing', 'concept-drift', null],
  ['answers no better', 'concept-drift', { ...COMPARED, accuracy: null, confidenceShift: null }],
  ['is only surer of answers that became wrong', 'concept-drift', { ...COMPARED, accuracy: null }],
  [
    'is as unsure as the one in service',
    'underconfident-model',
    { ...COMPARED, accuracy: null, confidenceShift: { value: 0, interval: { low: -0.02, high: 0.02, level: 0.95 } } },
  ],
] as const satisfies readonly (readonly [string, CauseId, Validation['comparison']])[])(
  'offers no deployment of a candidate that passed and %s',
  (_, cause, comparison) => {
    const actions = proposals(cause, validation('pass', 'replace', comparison)).map(({ action }) => action);
    expect(actions).not.toContain('deploy');
  },
);

it('promises of a deployment what was measured, and nothing else', () => {
  const deployed = (cause: CauseId, comparison: typeof COMPARED): string | undefined =>
    proposals(cause, validation('pass', 'replace', comparison)).find(({ action }) => action === 'deploy')
      ?.expectedEffect;
  expect(deployed('concept-drift', COMPARED)).toBe(
    'More answers are right: 15.0 points (9.0 to 21.0) on 200 labelled inputs.',
  );
  expect(deployed('underconfident-model', { ...COMPARED, accuracy: null })).toBe(
    'Confidence rises by 10.0 points (5.0 to 15.0) on the same inputs.',
  );
});

it('offers no deployment where a new model cures nothing', () => {
  expect(proposals('null-flood', validation('pass', 'replace')).map(({ action }) => action)).not.toContain('deploy');
});

it('puts a rollback whose candidate failed behind the others and says why', () => {
  const before = proposals('model-changed', null).map(({ action }) => action);
  expect(before[0]).toBe('rollback');
  const after = proposals('model-changed', validation('fail', 'restore'));
  expect(after[0]?.action).not.toBe('rollback');
  const rollback = after.find(({ action }) => action === 'rollback');
  expect(rollback?.why).toContain('failed');
  expect(rollback?.plan?.parameters['validation']).toMatchObject({ verdict: 'fail' });
  expect(proposals('model-changed', validation('pass', 'restore'))[0]?.action).toBe('rollback');
});

it('takes the times of verification from the operator, and tells the approver', () => {
  const proposed = recommend(diagnosis('unit-change'), {
    ...context(null),
    verification: { settleMs: 0, holdMs: 90_000, giveUpMs: 600_000 },
  });
  expect(proposed[0]?.verification).toEqual({
    mustClear: [],
    subjects: [],
    settleMs: 0,
    holdMs: 90_000,
    giveUpMs: 600_000,
  });
  expect(proposed[0]?.verificationText).toContain('for 90 seconds');
  expect(proposals('unit-change', null)[0]?.verificationText).toContain('for 5 minutes');
});
