import type { Json } from '../../../exporter/src/domain/json.js';
import { field, takes, VECTOR, type Serving } from './serving.js';

const hasText = (body: Json): boolean => typeof field(body, 'inputs') === 'string';
const huggingFace = (
  name: string,
  answer: Json,
  prediction: Serving['prediction'],
  confidence: number | null,
  reads: string,
): Serving => ({
  name: `Hugging Face ${name}`,
  path: '/models/m',
  routes: { 'POST /models/m': takes(hasText, answer, { error: 'inputs is required' }, 422) },
  connector: 'rest',
  prediction,
  confidence,
  reads,
});

export const tasks: readonly Serving[] = [
  huggingFace(
    'text classification',
    [
      [
        { label: 'POS', score: 0.8 },
        { label: 'NEG', score: 0.2 },
      ],
    ],
    'POS',
    0.8,
    'prediction from /0/0/label (of the highest score), confidence from /0/0/score',
  ),
  huggingFace(
    'zero-shot classification, given',
    { sequence: 'x', labels: ['returns', 'billing'], scores: [0.7, 0.3] },
    'returns',
    0.7,
    'prediction from /labels (of the highest share), confidence from /scores (max)',
  ),
  huggingFace(
    'token classification',
    [{ entity_group: 'PER', score: 0.97, word: 'Ada', start: 0, end: 3 }],
    'PER',
    0.97,
    'prediction from /*/entity_group, confidence from /*/score (mean)',
  ),
  huggingFace(
    'summarisation',
    [{ summary_text: 'short' }],
    'short',
    null,
    'prediction from /0/summary_text, no confidence',
  ),
  huggingFace(
    'feature extraction',
    [VECTOR],
    null,
    null,
    'prediction from /0 (projection of 32 numbers), no confidence',
  ),
  {
    name: 'Hugging Face question answering',
    path: '/models/qa',
    routes: {
      'POST /models/qa': takes(
        (body) => typeof field(field(body, 'inputs'), 'question') === 'string',
        { answer: 'Rome', score: 0.8, start: 1, end: 5 },
        { error: 'question and context are required' },
        422,
      ),
    },
    payload: { inputs: { question: 'Where?', context: 'In Rome.' } },
    connector: 'huggingface-inference',
    prediction: 'Rome',
    confidence: 0.8,
    reads: 'prediction from /answer, confidence from /score',
  },
];
