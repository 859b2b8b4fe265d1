import { describe, expect, it } from 'vitest';
import { asRead } from '../../../exporter/src/evaluation/as-read.js';
import type { Discovery } from '../../../exporter/src/domain/discovery.js';
import type { Sample } from '../../../exporter/src/domain/observation.js';
import { observation } from '../detection/rows.js';

const found: Discovery = {
  kind: 'found',
  endpoint: { url: 'http://m/p', connector: 'rest', settings: {}, authorizationSecret: null },
  payloads: [],
  isGuess: false,
  answer: {
    kind: 'answer',
    prediction: 'a',
    confidence: null,
    modelVersion: null,
    latencySeconds: 0.1,
    shape: '',
    from: 'first',
  },
  attempts: [],
};
const sampleOf = (readFrom?: string): Sample => ({
  observation: observation({ source: 'probe' }),
  shape: null,
  ...(readFrom === undefined ? {} : { readFrom }),
});
const BOTH = 'prediction from /a, confidence from /b';

describe('what was read from where', () => {
  it.each<[readonly (string | undefined)[], string]>([
    [[], 'first'],
    [[undefined], 'first'],
    [[BOTH, BOTH], BOTH],
    [[BOTH, 'prediction from /a, no confidence'], 'prediction from /a, confidence from /b (in 1 of 2)'],
    [['no prediction, confidence from /b', BOTH, BOTH], 'prediction from /a (in 2 of 3), confidence from /b'],
    [['prediction from /a, no confidence (why)'], 'prediction from /a, no confidence (why)'],
  ])('of %j is “%s”', (texts, from) => {
    expect(asRead(found, texts.map(sampleOf))).toMatchObject({ answer: { from } });
  });

  it('is nothing where nothing was found', () => {
    expect(asRead(null, [sampleOf(BOTH)])).toBeNull();
  });
});

it('has a star in the place of an id that each response has another of', () => {
  const from = (id: string) => sampleOf(`prediction from /results/${id}/label, confidence from /results/${id}/score`);
  expect(asRead(found, [from('f94d'), from('07ab'), from('99c1')])).toMatchObject({
    answer: { from: 'prediction from /results/*/label, confidence from /results/*/score' },
  });
  expect(asRead(found, [from('a'), from('a'), from('b')])).toMatchObject({
    answer: { from: 'prediction from /results/b/label, confidence from /results/b/score' },
  });
});
