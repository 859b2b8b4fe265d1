import { describe, expect, it } from 'vitest';
import { compareGoldenInputs, goldenEvidence } from '../../../exporter/src/detection/golden.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import type { GoldenBaseline } from '../../../exporter/src/domain/profile.js';
import { detectIn, MODEL, observation, stateOf } from './rows.js';

const input = (overrides: Partial<GoldenBaseline> = {}): GoldenBaseline => ({
  goldenId: 'g',
  answers: 4,
  answerHashes: { a: 4 },
  confidenceMean: 0.9,
  confidenceStandardDeviation: 0.001,
  shape: 's',
  ...overrides,
});
const verdicts = (before: GoldenBaseline[], now: GoldenBaseline[]): string[] =>
  compareGoldenInputs(before, now).map(({ goldenId, verdict }) => `${goldenId} ${verdict}`);

describe('golden inputs, each by itself', () => {
  it('tells another answer from another confidence, and from neither', () => {
    expect(verdicts([input()], [input()])).toEqual(['g same']);
    expect(verdicts([input()], [input({ answerHashes: { b: 4 } })])).toEqual(['g answer-changed']);
    expect(verdicts([input()], [input({ confidenceMean: 0.7 })])).toEqual(['g confidence-moved']);
    expect(verdicts([input()], [input({ confidenceMean: 0.86 })])).toEqual(['g same']);
  });

  it('calls nothing changed whose past was noise or that only one side knows', () => {
    const noisy = input({ answerHashes: { a: 1, b: 1, c: 1, d: 1 } });
    expect(verdicts([noisy], [input({ answerHashes: { e: 4 } })])).toEqual(['g noisy']);
    expect(verdicts([input()], [input({ goldenId: 'new' })])).toEqual(['g unanswered', 'new unanswered']);
    expect(verdicts([input()], [input({ answers: 0, answerHashes: {} })])).toEqual(['g unanswered']);
  });

  it('says how far the confidence may wander, and no answer, hash or input', () => {
    const [compared] = compareGoldenInputs([input()], [input({ answers: 1, answerHashes: { a: 1 } })]);
    expect(compared).toEqual({
      goldenId: 'g',
      verdict: 'same',
      answersBefore: 4,
      answersNow: 1,
      distinctBefore: 1,
      distinctNow: 1,
      confidenceBefore: 0.9,
      confidenceNow: 0.9,
      confidenceTolerance: 0.05,
    });
    const silent = input({ confidenceMean: null, confidenceStandardDeviation: null });
    expect(compareGoldenInputs([silent], [silent])[0]?.confidenceTolerance).toBeNull();
  });

  it('adds up to what the detectors are told', () => {
    const before = [input(), input({ goldenId: 'h' }), input({ goldenId: 'i' })];
    const now = [
      input({ answerHashes: { b: 4 } }),
      input({ goldenId: 'h', confidenceMean: 0.5 }),
      input({ goldenId: 'i' }),
    ];
    const changed = compareGoldenInputs(before, now).filter(({ verdict }) =>
      ['answer-changed', 'confidence-moved'].includes(verdict),
    );
    expect(goldenEvidence(before, now)).toMatchObject({ compared: 3, changed: changed.length, answersChanged: 1 });
  });
});

describe('a model that answers the same question differently', () => {
  const scattered = (payload: Json, confidence: number | null) => ({
    ...stateOf(null, [observation()]),
    model: { ...MODEL, goldenInputs: [{ id: 'g', payload, origin: 'generated' as const }] },
    goldenNow: [
      input({
        answers: 10,
        answerHashes: { a: 5, b: 5 },
        confidenceMean: confidence,
        confidenceStandardDeviation: confidence === null ? null : 0.1,
      }),
    ],
  });
  const messages = [{ role: 'user', content: 'Capital of France?' }];
  const unstable = (payload: Json, confidence: number | null = 0.8) => {
    const { findings, blindSpots } = detectIn(scattered(payload, confidence));
    return {
      finding: findings.find(({ detector }) => detector === 'unstable-answers')?.sentence ?? null,
      blind: blindSpots.find(({ check }) => check === 'stability')?.reason ?? null,
    };
  };

  it.each([
    { model: 'm', messages },
    { prompt: 'Hi', max_tokens: 5, temperature: 0.7 },
  ])('is one whose temperature was left to it: %o', (payload) => {
    expect(unstable(payload).finding).toBeNull();
    expect(unstable(payload).blind).toContain('"temperature": 0');
  });

  it.each([{ messages, temperature: 0 }, { messages, options: { temperature: 0 } }, { age: 38 }, 'text', null])(
    'is unstable with %o',
    (payload) => {
      expect(unstable(payload).finding).toContain('varies by ±0.10 and 56 %');
      expect(unstable(payload).blind).toBeNull();
    },
  );

  it('has no confidence that varies where it gives none', () => {
    expect(unstable({ age: 38 }, null).finding).toMatch(/^For the same input, 56 % of the predictions differ/);
  });
});
