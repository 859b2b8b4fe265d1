import { expect, it } from 'vitest';
import { goldenInputsView } from '../../../../exporter/src/http/views/models.js';
import { sampleStatus } from '../../metrics/sample-status.js';

it('shows of golden inputs only those the operator chose, and of answers only how they moved', () => {
  const status = sampleStatus('fraud');
  const comparison = {
    goldenId: 'user-1',
    verdict: 'answer-changed',
    answersBefore: 40,
    answersNow: 4,
    distinctBefore: 1,
    distinctNow: 1,
    confidenceBefore: 0.9,
    confidenceNow: 0.6,
    confidenceTolerance: 0.05,
  } as const;
  const shown = goldenInputsView({
    ...status,
    model: {
      ...status.model,
      goldenInputs: [
        { id: 'user-1', origin: 'user', payload: { age: 41 } },
        { id: 'golden-1', origin: 'generated', payload: { age: 77 } },
      ],
    },
    goldenInputs: [comparison],
  });
  expect(shown).toMatchObject([
    { id: 'user-1', input: '{"age":41}', verdict: 'answer-changed', confidence_before: 0.9, confidence_now: 0.6 },
    { id: 'golden-1', input: null, verdict: 'unanswered', answers_before: 0 },
  ]);
  expect(JSON.stringify(shown)).not.toContain('77');
});
