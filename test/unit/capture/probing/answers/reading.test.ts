import { describe, expect, it } from 'vitest';
import { readAnswer, readFrom } from '../../../../../exporter/src/capture/probing/answers/reading.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import type { Prediction } from '../../../../../exporter/src/domain/observation.js';

const chat = (message: Json, extra: object = {}): Json => ({
  id: 'c-1',
  object: 'chat.completion',
  model: 'm-2026-01',
  choices: [{ index: 0, message, finish_reason: 'stop', ...extra }],
  usage: { total_tokens: 10 },
});
const tensor = (name: string, datatype: string, shape: readonly number[], data: Json, extra: object = {}): Json => ({
  name,
  datatype,
  shape,
  data,
  ...extra,
});
const v2 = (...outputs: Json[]): Json => ({ model_name: 'm', model_version: '1', outputs });

/** What each kind of server answers, and what is to be read from it. */
const ANSWERS: readonly (readonly [what: string, body: Json, prediction: Prediction, confidence: number | null])[] = [
  ['OpenAI chat', chat({ role: 'assistant', content: ' positive\n' }), 'positive', null],
  [
    'OpenAI chat with log-probabilities',
    chat(
      { content: 'spam' },
      {
        logprobs: {
          content: [
            { token: 'sp', logprob: -0.1 },
            { token: 'am', logprob: -0.2 },
          ],
        },
      },
    ),
    'spam',
    Math.exp(-0.15),
  ],
  ['OpenAI chat, null log-probabilities', chat({ content: 'spam' }, { logprobs: null }), 'spam', null],
  [
    'OpenAI chat, a refusal',
    chat({ content: null, refusal: 'I cannot help with that.' }),
    'I cannot help with that.',
    null,
  ],
  [
    'OpenAI chat, a tool call',
    chat({ content: null, tool_calls: [{ type: 'function', function: { name: 'lookup', arguments: '{}' } }] }),
    'calls lookup',
    null,
  ],
  ['OpenAI chat, content in parts', chat({ content: [{ type: 'text', text: 'yes' }] }), 'yes', null],
  ['OpenAI chat, an empty text', chat({ content: '' }), '', null],
  [
    'OpenAI completions',
    { object: 'text_completion', choices: [{ text: ' yes', logprobs: { token_logprobs: [-0.5] } }] },
    'yes',
    Math.exp(-0.5),
  ],
  [
    'OpenAI responses after reasoning',
    {
      object: 'response',
      status: 'completed',
      output: [{ type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text', text: 'yes' }] }],
    },
    'yes',
    null,
  ],
  ['OpenAI responses, failed', { object: 'response', status: 'failed', output: [] }, null, null],
  ['vLLM classify', { data: [{ index: 0, label: 'b', probs: [0.3, 0.7], num_classes: 2 }] }, 'b', 0.7],
  ['Ollama chat', { model: 'q', message: { role: 'assistant', content: 'yes' }, done: true }, 'yes', null],
  ['Ollama generate', { response: 'yes', done: true, done_reason: 'stop' }, 'yes', null],
  ['Ollama, only loaded', { response: '', done: true, done_reason: 'load' }, null, null],
  ['TGI', { generated_text: 'and then', details: { finish_reason: 'length' } }, 'and then', null],
  ['Triton generate', { text_output: 'and then', model_name: 'm' }, 'and then', null],
  ['summarisation', [{ summary_text: 'short' }], 'short', null],
  ['translation', [{ translation_text: 'kurz' }], 'kurz', null],
  ['zero-shot, sorted', { sequence: 'x', labels: ['returns', 'billing'], scores: [0.7, 0.3] }, 'returns', 0.7],
  ['zero-shot, not sorted', { labels: ['a', 'b'], scores: [0.3, 0.7] }, 'b', 0.7],
  [
    'entities',
    [
      { entity_group: 'PER', score: 0.9, word: 'Ada', start: 0, end: 3 },
      { entity_group: 'LOC', score: 0.7, word: 'Rome', start: 4, end: 8 },
      { entity_group: 'PER', score: 0.8, word: 'Bob', start: 9, end: 12 },
    ],
    'LOC, PER',
    0.8,
  ],
  ['tokens', [{ entity: 'B-PER', score: 0.97, index: 1, word: 'Ada' }], 'B-PER', 0.97],
  [
    'object detection',
    [
      { box: { xmin: 0, ymin: 0, xmax: 1, ymax: 1 }, label: 'dog', score: 0.9 },
      { box: { xmin: 0, ymin: 0, xmax: 1, ymax: 1 }, label: 'cat', score: 0.95 },
      { box: { xmin: 2, ymin: 2, xmax: 3, ymax: 3 }, label: 'dog', score: 0.6 },
    ],
    'cat, dog × 2',
    0.95,
  ],
  [
    'fill-mask',
    [
      { token_str: 'big', score: 0.2, sequence: 'a' },
      { token_str: 'old', score: 0.6, sequence: 'b' },
    ],
    'old',
    0.6,
  ],
  ['question answering', { answer: 'Rome', score: 0.8, start: 1, end: 5 }, 'Rome', 0.8],
  [
    'question answering, a list',
    [
      { answer: 'Rome', score: 0.8 },
      { answer: 'Paris', score: 0.1 },
    ],
    'Rome',
    0.8,
  ],
  [
    'v2, labels and shares',
    v2(tensor('predict', 'BYTES', [1], ['a']), tensor('predict_proba', 'FP64', [1, 2], [0.8, 0.2])),
    'a',
    0.8,
  ],
  [
    'v2, shares first',
    v2(tensor('probabilities', 'FP32', [1, 2], [0.2, 0.8]), tensor('label', 'INT64', [1], [1])),
    1,
    0.8,
  ],
  ['v2, shares only', v2(tensor('softmax', 'FP32', [1, 3], [0.1, 0.2, 0.7])), 2, 0.7],
  ['v2, nested data', v2(tensor('output-0', 'FP32', [1, 3], [[0.1, 0.2, 0.7]])), 2, 0.7],
  ['v2, one lone share', v2(tensor('label', 'INT64', [1, 1], [1]), tensor('score', 'FP32', [1, 1], [0.9])), 1, 0.9],
  ['v2, the first of two rows', v2(tensor('p', 'FP32', [2, 2], [0.2, 0.8, 0.9, 0.1])), 1, 0.8],
  ['v2, a quantity', v2(tensor('y', 'FP64', [1, 1], [132.5])), 132.5, null],
  ['v2, JSON in BYTES', v2(tensor('result', 'BYTES', [1], ['{"label": "a", "score": 0.46}'])), 'a', 0.46],
  [
    'v2, base64 in BYTES',
    v2(tensor('label', 'BYTES', [1], ['Y2F0'], { parameters: { content_type: 'base64' } })),
    'cat',
    null,
  ],
  [
    'Triton classification',
    v2(tensor('out', 'BYTES', [1, 2], ['0.91:2:cat: tabby', '0.05:0:dog'])),
    'cat: tabby',
    0.91,
  ],
  ['Triton classification without labels', v2(tensor('out', 'BYTES', [1, 2], ['0.1:0', '0.9:7'])), '7', 0.9],
  ['Triton classification of logits', v2(tensor('out', 'BYTES', [1, 1], ['15.346:3:fox'])), 'fox', null],
  [
    'Seldon, names and ndarray',
    { data: { names: ['setosa', 'versicolor', 'virginica'], ndarray: [[0.05, 0.9, 0.05]] }, meta: {} },
    'versicolor',
    0.9,
  ],
  [
    'Seldon, tensor without names',
    { data: { names: ['t:0', 't:1'], tensor: { shape: [1, 2], values: [0.2, 0.8] } } },
    1,
    0.8,
  ],
  ['Seldon, a quantity', { data: { names: [], ndarray: [[3.5]] }, meta: {} }, 3.5, null],
  ['Seldon, jsonData', { jsonData: { label: 'a', score: 0.8 }, meta: {} }, 'a', 0.8],
  ['Seldon, strData', { strData: 'spam', meta: {} }, 'spam', null],
  [
    'TensorFlow classify',
    {
      result: [
        [
          ['cat', 0.3],
          ['dog', 0.7],
        ],
      ],
    },
    'dog',
    0.7,
  ],
  ['TensorFlow regress', { results: [0.25] }, 0.25, null],
  ['TensorFlow, several outputs', { predictions: [{ classes: 2, probabilities: [0.1, 0.2, 0.7] }] }, 2, 0.7],
  [
    'Vertex AutoML, tables',
    { predictions: [{ classes: ['a', 'b'], scores: [0.2, 0.8] }], modelVersionId: '3' },
    'b',
    0.8,
  ],
  ['Vertex AutoML, images', { predictions: [{ ids: ['1'], displayNames: ['cat'], confidences: [0.8] }] }, 'cat', 0.8],
  ['Vertex AutoML, regression', { predictions: [{ value: 3.5, lower_bound: 3, upper_bound: 4 }] }, 3.5, null],
  ['SageMaker linear learner', { predictions: [{ score: 0.9, predicted_label: 1 }] }, 1, 0.9],
  ['SageMaker regression', { predictions: [{ score: 12.5 }] }, 12.5, null],
  ['ML.NET binary', { predictedLabel: true, probability: 0.8, score: 2.3 }, true, 0.8],
  ['ML.NET multiclass', { PredictedLabel: 'a', Score: [0.9, 0.1] }, 'a', 0.9],
  ['ML.NET regression', { score: 132.5 }, 132.5, null],
  [
    'MLflow, a column per class',
    { predictions: [{ setosa: 0.05, versicolor: 0.9, virginica: 0.05 }] },
    'versicolor',
    0.9,
  ],
  ['MLflow, forecast', { predictions: [{ ds: '2026-01-01', yhat: 12.4, yhat_lower: 10, yhat_upper: 15 }] }, 12.4, null],
  ['MLflow, transformers', { predictions: [{ label: 'a', score: 0.9 }] }, 'a', 0.9],
  ['TorchServe label scores', { tabby: 0.6, tiger: 0.4 }, 'tabby', 0.6],
  ['classes beside labels', { predictions: ['b'], probabilities: [[0.1, 0.9]], classes: ['a', 'b'] }, 'b', 0.9],
  ['classes without labels', { probabilities: [[0.1, 0.9]], classes: ['a', 'b'] }, 'b', 0.9],
  ['flat probabilities', { predict_proba: [0.02, 0.98] }, 1, 0.98],
  ['a bare softmax row', [0.05, 0.9, 0.05], 1, 0.9],
  ['one row among predictions', { predictions: [0.05, 0.9, 0.05] }, 1, 0.9],
  ['two rows of a regression', { predictions: [0.1, 0.9] }, 0.1, null],
  ['camel case and text numbers', { predictedClass: 'a', confidenceScore: '0.75' }, 'a', 0.75],
  ['JSON in text in JSON', '{"result": "{\\"label\\": \\"a\\", \\"score\\": 0.5}"}', 'a', 0.5],
  ['a text that only begins like JSON', { result: '[sic] nothing' }, '[sic] nothing', null],
  [
    'classes with their probabilities, unsorted',
    {
      predictions: [
        { tagName: 'b', probability: 0.1 },
        { tagName: 'a', probability: 0.9 },
      ],
    },
    'a',
    0.9,
  ],
  [
    'rows that each name a class',
    {
      predictions: [
        { label: 'a', prob: 0.8 },
        { label: 'b', prob: 0.9 },
      ],
    },
    'a',
    0.8,
  ],
  [
    'a class under a name of its own',
    { sentiment: 'good', confidence: 0.9, request_id: 'r-1', latency_ms: 12 },
    'good',
    0.9,
  ],
  ['a class in an object of its own', { species: { name: 'cat', score: 0.9 } }, 'cat', 0.9],
  ['names of notebooks', { y_pred: 'a', y_pred_proba: 0.9 }, 'a', 0.9],
  ['AWS Lambda', { statusCode: 200, body: '{"prediction": "spam", "confidence": 0.9}' }, 'spam', 0.9],
  ['the probability of nothing that is named', { probability: 0.03, model_version: 3 }, 0.03, null],
  ['the probability of yes beside a no', { prediction: 0, probability: 0.08 }, 0, 0.92],
  [
    'the probability of yes beside a no, ML.NET',
    { predictedLabel: false, probability: 0.25, score: -1.1 },
    false,
    0.75,
  ],
  ['a low confidence beside a no', { prediction: 0, confidence: 0.2 }, 0, 0.2],
  ['a receipt for an answer to come', { task_id: '7f3c' }, null, null],
  ['a class that is called like a field', { predictions: ['score'] }, 'score', null],
  ['fastText in Python', [['__label__a'], [0.9]], '__label__a', 0.9],
  [
    'fastText in Python, several',
    [
      ['__label__a', '__label__b'],
      [0.2, 0.8],
    ],
    '__label__b',
    0.8,
  ],
  ['fastText in Python, a batch of one', [[['__label__a']], [[0.9]]], '__label__a', 0.9],
  ['a label and its share', ['a', 0.9], 'a', 0.9],
  ['a label and its share, wrapped', { predictions: [['a', 0.9]] }, 'a', 0.9],
  [
    'pairs of label and share',
    {
      result: [
        ['a', 0.2],
        ['b', 0.8],
      ],
    },
    'b',
    0.8,
  ],
  [
    'Keras, decoded',
    [
      [
        ['n02123045', 'tabby', 0.42],
        ['n02123159', 'tiger_cat', 0.27],
      ],
    ],
    'tabby',
    0.42,
  ],
  ['a text and a number that is no share', { prediction: ['a', 12.5] }, 'a', null],
  ['a percentage as text', { label: 'a', confidence: '90%' }, 'a', 0.9],
  ['percentages of classes as text', { cat: '90.5 %', dog: '9.5 %' }, 'cat', 0.905],
  [
    'percentages in a list',
    [
      { label: 'b', score: '10%' },
      { label: 'a', score: '90%' },
    ],
    'a',
    0.9,
  ],
  ['a percentage above a hundred', { label: 'a', confidence: '190%' }, 'a', null],
  [
    'a column per class, with a prefix',
    { predictions: [{ probability_setosa: 0.1, probability_virginica: 0.9 }] },
    'virginica',
    0.9,
  ],
  ['a class beside a column per class', { prediction: 'a', prob_a: 0.3, prob_b: 0.7 }, 'a', 0.3],
  ['H2O', { predict: '1', p0: 0.2, p1: 0.8 }, '1', 0.8],
  ['H2O, classes by name', { predict: 'cat', cat: 0.8, dog: 0.2 }, 'cat', 0.8],
  [
    'Azure ML’s designer',
    {
      Results: [
        {
          'Scored Labels': 'b',
          'Scored Probabilities for Class "a"': 0.1,
          'Scored Probabilities for Class "b"': 0.9,
        },
      ],
    },
    'b',
    0.9,
  ],
  ['an anomaly and its raw score', { anomaly: true, score: -0.12 }, true, null],
  [
    'concepts by name, Clarifai',
    {
      outputs: [
        {
          data: {
            concepts: [
              { id: 'b', name: 'dog', value: 0.01 },
              { id: 'a', name: 'cat', value: 0.98 },
            ],
          },
        },
      ],
    },
    'cat',
    0.98,
  ],
  ['a matrix beside its classes', { score: [[0.02, 0.98]], classes: ['no', 'yes'] }, 'yes', 0.98],
  ['a confidence for each class', { predictions: 'a', confidence: { a: 0.9, b: 0.1 } }, 'a', 0.9],
  [
    'AWS Comprehend',
    { Sentiment: 'POSITIVE', SentimentScore: { Positive: 0.9, Negative: 0.02, Neutral: 0.05, Mixed: 0.03 } },
    'POSITIVE',
    0.9,
  ],
  [
    'AWS Rekognition',
    {
      Labels: [
        { Name: 'Dog', Confidence: 97.5, Parents: [] },
        { Name: 'Pet', Confidence: 90.1, Parents: [] },
      ],
      LabelModelVersion: '3.0',
    },
    'Dog',
    0.975,
  ],
  [
    'Azure Text Analytics',
    {
      documents: [
        {
          id: '1',
          sentiment: 'positive',
          confidenceScores: { positive: 0.9, neutral: 0.1, negative: 0 },
          warnings: [],
        },
      ],
      errors: [],
      modelVersion: '2022-11-01',
    },
    'positive',
    0.9,
  ],
  [
    'probabilities as objects',
    {
      probabilities: [
        { label: 'b', probability: 0.1 },
        { label: 'a', probability: 0.9 },
      ],
    },
    'a',
    0.9,
  ],
  ['probabilities in a text', { result: '1', proba: '[0.1, 0.9]' }, '1', 0.9],
  ['other words for a confidence', { species: 'a', conf: 0.9 }, 'a', 0.9],
  ['a field named like a prediction', { predicted_price: 250000.5, currency: 'EUR' }, 250000.5, null],
  ['a decision beside a figure', { fraud_score: 87, decision: 'REJECT' }, 'REJECT', null],
  ['a flag beside an answer', { species: 'a', conf: 0.9, anomaly: false }, null, 0.9],
  ['scores of several labels, none of them the answer', { toxicity: 0.9, insult: 0.7, threat: 0.01 }, null, null],
  ['features beside a class', { prediction: 'a', width: 0.4, height: 0.6 }, 'a', null],
  ...['token', 'access_token', 'refreshToken', 'session', 'session_id', 'api-key', 'uptime', 'deleted', 'count'].map(
    (name): (typeof ANSWERS)[number] => [`a lone ${name}`, { [name]: 3 }, null, null],
  ),
  ...['swagger', 'openapi', 'version', 'id', 'order_id', 'health', 'total'].map((name): (typeof ANSWERS)[number] => [
    `a lone ${name} in data`,
    { data: { [name]: '2.0' } },
    null,
    null,
  ]),
  ['a count that says how sure it is', { count: 3, confidence: 0.9 }, 3, 0.9],
  ['a lone field of another name', { headcount: 3 }, 3, null],
  ['a class beside its probability', { id: 3, species: 'cat', species_probability: 0.8, age: 2 }, 'cat', 0.8],
  ['a flag beside its probability', { results: [{ churn: false, churnProbability: 0.1 }] }, false, 0.9],
  ['a zero beside the probability of one', { churn: 0, churn_probability: 0.2 }, 0, 0.8],
  ['a label beside its probability', { label: 'a', label_probability: 0.8 }, 'a', 0.8],
  ['several classes beside theirs', { a: 1, a_prob: 0.8, b: 0, b_prob: 0.1 }, null, null],
  ['a p-value, which is no probability of a class', { label: 'a', p: 0.04 }, 'a', null],
  ['a bare number', 7.5, 7.5, null],
  ['a bare text', 'spam', 'spam', null],
];

describe('one reader for every answer', () => {
  it.each(ANSWERS)('%s', (_, body, prediction, confidence) => {
    const reading = readAnswer(body);
    expect(reading.prediction).toBe(prediction);
    if (confidence === null) expect(reading.confidence).toBeNull();
    else expect(reading.confidence).toBeCloseTo(confidence, 12);
  });

  it('tells an embedding by one number that stands still with it', () => {
    const vector = Array.from({ length: 384 }, (_, i) => Math.sin(i));
    const list = (embedding: Json): Json => ({ object: 'list', data: [{ index: 0, embedding }] });
    const told = readAnswer(list(vector)).prediction;
    expect(told).toEqual(expect.any(Number));
    expect(readAnswer(list(vector)).prediction).toBe(told);
    expect(readAnswer(list(vector.map((value) => 2 * value))).prediction).toBeCloseTo(Number(told), 12);
    expect(readAnswer(list([...vector].reverse())).prediction).not.toBeCloseTo(Number(told), 3);
    expect(readAnswer([vector]).prediction).toBe(told);
    expect(readFrom(list(vector))).toBe('prediction from /data/0/embedding (projection of 384 numbers), no confidence');
  });

  it.each<[Json, string | null]>([
    [
      { predictions: [{ class: 'a', probabilities: [0.2, 0.8] }] },
      'prediction from /predictions/0/class, confidence from /predictions/0/probabilities (max)',
    ],
    [chat({ content: 'a' }), 'prediction from /choices/0/message/content, no confidence'],
    [
      v2(tensor('a', 'FP32', [1, 1], [1]), tensor('p', 'FP32', [1, 1], [2])),
      'prediction from /outputs/0/data/0, no confidence',
    ],
    [{ 'a/b': { label: 'x' } }, 'prediction from /a~1b/label, no confidence'],
    ['spam', 'prediction from the whole body, no confidence'],
    [{ status: 'ok' }, null],
  ])('says where it was read: %j', (body, from) => {
    expect(readFrom(body)).toBe(from);
  });

  it('reads the version under its usual names', () => {
    expect(readAnswer(chat({ content: 'a' })).modelVersion).toBe('m-2026-01');
    expect(readAnswer({ predictions: [1], modelVersionId: '3' }).modelVersion).toBe('3');
    expect(readAnswer(v2(tensor('a', 'FP32', [1], [1]))).modelVersion).toBe('1');
  });
});
