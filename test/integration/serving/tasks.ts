import type { Json } from '../../../exporter/src/domain/json.js';
import { field, isPicture, list, PNG, takes, textIn, VECTOR, type Handler, type Serving } from './serving.js';

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

/** A container of Hugging Face: what it refuses it refuses in the words of its toolkit and of transformers. */
const container =
  (takesIt: (body: Json) => boolean, answer: Json, words: string): Handler =>
  ({ body }) =>
    takesIt(body)
      ? { body: answer }
      : { status: 400, body: { error: field(body, 'inputs') === null ? 'Body needs to provide a inputs key' : words } };
const MEDIA = (task: string): string =>
  `'inputs' for task '${task}' must be the media content itself: either raw bytes sent with a matching audio/* or image/* Content-Type, or a base64-encoded string in a JSON body.`;
const SCORED: Json = [
  { label: 'tabby', score: 0.8 },
  { label: 'lynx', score: 0.1 },
];
const READS_SCORED = 'prediction from /0/label (of the highest score), confidence from /0/score';

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
  {
    name: 'Hugging Face image classification, a raw picture',
    path: '/',
    routes: { 'POST /': container(isPicture, SCORED, MEDIA('image-classification')) },
    connector: 'rest',
    prediction: 'tabby',
    confidence: 0.8,
    reads: READS_SCORED,
  },
  {
    name: 'Hugging Face image classification, base64 in inputs',
    path: '/predict',
    routes: {
      'POST /predict': container(
        (body) => Buffer.from(textIn(body, 'inputs'), 'base64').toString('latin1').startsWith(PNG),
        SCORED,
        'Incorrect image source. Must be a valid URL starting with `http://` or `https://`, a valid path to an image file, or a base64 encoded string.',
      ),
    },
    connector: 'rest',
    prediction: 'tabby',
    confidence: 0.8,
    reads: READS_SCORED,
  },
  {
    name: 'Hugging Face object detection, a raw picture',
    path: '/',
    routes: {
      'POST /': container(
        isPicture,
        [
          { label: 'cat', score: 0.9, box: { xmin: 1, ymin: 2, xmax: 20, ymax: 30 } },
          { label: 'dog', score: 0.7, box: { xmin: 5, ymin: 2, xmax: 25, ymax: 30 } },
          { label: 'cat', score: 0.6, box: { xmin: 9, ymin: 2, xmax: 29, ymax: 30 } },
        ],
        MEDIA('object-detection'),
      ),
    },
    connector: 'rest',
    prediction: 'cat × 2, dog',
    confidence: 0.9,
    reads: 'prediction from /*/label, confidence from /*/score (max)',
  },
  {
    name: 'Hugging Face zero-shot classification',
    path: '/models/m',
    routes: {
      'POST /models/m': container(
        (body) => list(field(field(body, 'parameters'), 'candidate_labels')).length > 1,
        SCORED,
        'Error in `parameters.candidate_labels`: field required',
      ),
    },
    connector: 'rest',
    prediction: 'tabby',
    confidence: 0.8,
    reads: READS_SCORED,
  },
  {
    name: 'Hugging Face question answering, container',
    path: '/',
    routes: {
      'POST /': container(
        (body) => textIn(field(body, 'inputs'), 'question') !== '' && textIn(field(body, 'inputs'), 'context') !== '',
        { answer: 'Rome', score: 0.8, start: 1, end: 5 },
        'args[0]: The service was quick argument needs to be of type (SquadExample, dict)',
      ),
    },
    connector: 'rest',
    prediction: 'Rome',
    confidence: 0.8,
    reads: 'prediction from /answer, confidence from /score',
  },
  {
    name: 'Hugging Face fill-mask',
    path: '/models/m',
    routes: {
      'POST /models/m': container(
        (body) => textIn(body, 'inputs').includes('<mask>'),
        [
          { score: 0.6, token: 7, token_str: ' sunny', sequence: 'The weather today is sunny.' },
          { score: 0.2, token: 9, token_str: ' fine', sequence: 'The weather today is fine.' },
        ],
        "('fill-mask', 'roberta', 'No mask_token (<mask>) found on the input')",
      ),
    },
    connector: 'rest',
    prediction: ' sunny',
    confidence: 0.6,
    reads: 'prediction from /0/token_str (of the highest score), confidence from /0/score',
  },
  {
    ...huggingFace(
      'router, a task',
      [
        [
          { label: 'NEG', score: 0.3 },
          { label: 'POS', score: 0.7 },
        ],
      ],
      'POS',
      0.7,
      'prediction from /0/1/label (of the highest score), confidence from /0/1/score',
    ),
    path: '/hf-inference/models/org/m',
    routes: {
      'POST /hf-inference/models/org/m': takes(
        hasText,
        [
          [
            { label: 'NEG', score: 0.3 },
            { label: 'POS', score: 0.7 },
          ],
        ],
        { error: 'inputs is required' },
        422,
      ),
    },
  },
  huggingFace(
    'translation',
    [{ translation_text: 'kurz' }],
    'kurz',
    null,
    'prediction from /0/translation_text, no confidence',
  ),
  {
    name: 'Text Embeddings Inference, /predict',
    path: '/predict',
    routes: {
      'POST /predict': takes(hasText, SCORED, { error: 'missing field `inputs`', error_type: 'Validation' }, 422),
    },
    connector: 'rest',
    prediction: 'tabby',
    confidence: 0.8,
    reads: READS_SCORED,
  },
  {
    name: 'vLLM, /classify',
    path: '/classify',
    routes: {
      'POST /classify': takes(
        (body) => textIn(body, 'input') !== '',
        { object: 'list', model: 'm', data: [{ index: 0, label: 'Spam', probs: [0.1, 0.9], num_classes: 2 }] },
        { error: { message: 'Field required', type: 'Bad Request', code: 400 } },
      ),
    },
    connector: 'rest',
    prediction: 'Spam',
    confidence: 0.9,
    reads: 'prediction from /data/0/label, confidence from /data/0/probs (max)',
  },
];
