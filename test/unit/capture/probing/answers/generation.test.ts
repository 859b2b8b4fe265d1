import { describe, expect, it } from 'vitest';
import { generationOf } from '../../../../../exporter/src/capture/probing/answers/generation.js';
import { modelAnswer } from '../../../../../exporter/src/capture/probing/answers/read-answer.js';
import { ANSWER_FEATURES } from '../../../../../exporter/src/domain/generation.js';
import type { Json } from '../../../../../exporter/src/domain/json.js';
import type { HttpAnswer } from '../../../../../exporter/src/domain/ports.js';

const chat = (message: Json, finish: string, more: object = {}): Json => ({
  choices: [{ index: 0, message, finish_reason: finish, ...more }],
  usage: { prompt_tokens: 9, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 2 } },
});
const call = (name: string, args: string): Json => ({ type: 'function', function: { name, arguments: args } });

describe('generationOf', () => {
  it.each<[string, Json, string, object]>([
    [
      'an answer',
      chat({ content: 'The end.' }, 'stop'),
      'answered',
      { input_tokens: 9, output_tokens: 4, reasoning_tokens: 2, 'output.words': 2, 'output.truncated': false },
    ],
    ['cut short', chat({ content: 'The' }, 'length'), 'cut short', { 'output.truncated': true }],
    ['filtered', chat({ content: '' }, 'content_filter'), 'filtered', { 'output.empty': true }],
    [
      'a refusal of its own field',
      chat({ content: null, refusal: 'No.' }, 'stop'),
      'refused',
      { 'output.refused': true },
    ],
    [
      'a refusal in words',
      chat({ content: 'I’m sorry, I can’t help with that.' }, 'stop'),
      'refused',
      { 'output.refused': true },
    ],
    ['nothing', chat({ content: '' }, 'stop'), 'empty', { 'output.empty': true, 'output.refused': false }],
    [
      'a tool',
      chat({ content: null, tool_calls: [call('sum', '{"a":1}')] }, 'tool_calls'),
      'calls a tool',
      { tool_calls: 1, tool_call_errors: 0 },
    ],
    [
      'tools called wrongly',
      chat({ tool_calls: [call('sum', '{"a":'), call('', '{}'), call('x', '[1]')] }, 'tool_calls'),
      'calls a tool',
      { tool_calls: 3, tool_call_errors: 3 },
    ],
    ['JSON', chat({ content: '{"label": "a"}' }, 'stop'), 'answered', { 'output.valid_json': true }],
    [
      'log-probabilities',
      chat({ content: 'a b' }, 'stop', { logprobs: { content: [{ logprob: -0.2 }, { logprob: -0.4 }] } }),
      'answered',
      { mean_log_probability: expect.closeTo(-0.3, 12) as number },
    ],
    [
      'completions',
      {
        choices: [{ text: ' yes', finish_reason: 'stop', logprobs: { token_logprobs: [-0.1] } }],
        usage: { prompt_tokens: 3, completion_tokens: 1 },
      },
      'answered',
      { mean_log_probability: -0.1, output_tokens: 1 },
    ],
    [
      'responses',
      {
        object: 'response',
        status: 'completed',
        output: [{ type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text', text: 'yes' }] }],
        usage: { input_tokens: 5, output_tokens: 6 },
      },
      'answered',
      { input_tokens: 5, output_tokens: 6 },
    ],
    [
      'responses cut short',
      {
        object: 'response',
        status: 'incomplete',
        incomplete_details: { reason: 'max_output_tokens' },
        output: [{ type: 'message', content: [{ type: 'output_text', text: 'ye' }] }],
      },
      'cut short',
      { 'output.truncated': true },
    ],
    [
      'responses refused',
      {
        object: 'response',
        status: 'completed',
        output: [{ type: 'message', content: [{ type: 'refusal', refusal: 'no' }] }],
      },
      'refused',
      {},
    ],
    [
      'responses with a tool',
      { object: 'response', status: 'completed', output: [{ type: 'function_call', name: 'f', arguments: '{}' }] },
      'calls a tool',
      { tool_calls: 1, tool_call_errors: 0 },
    ],
    [
      'Ollama',
      {
        model: 'm',
        message: { content: 'yes' },
        done: true,
        done_reason: 'stop',
        load_duration: 1e8,
        prompt_eval_duration: 2e8,
        prompt_eval_count: 7,
        eval_count: 2,
      },
      'answered',
      { input_tokens: 7, output_tokens: 2, time_to_first_chunk_seconds: expect.closeTo(0.3, 12) as number },
    ],
    [
      'TGI',
      [
        {
          generated_text: 'and',
          details: { finish_reason: 'length', generated_tokens: 1, prefill: [], tokens: [{ logprob: -1 }] },
        },
      ],
      'cut short',
      { output_tokens: 1, mean_log_probability: -1 },
    ],
  ])('%s', (_name, body, outcome, features) => {
    const generation = generationOf(body, null);
    expect(generation).toMatchObject({ outcome, features });
    const names = Object.keys(generation?.features ?? {}).filter((name) => name !== 'input_tokens');
    expect(names.filter((name) => !ANSWER_FEATURES.has(name))).toEqual([]);
  });

  it.each<[string, Json]>([
    ['a class', { label: 'a', score: 0.9 }],
    ['a summary of another task', [{ label: 'a', score: 0.9 }]],
    ['the loading of a model', { done: true, done_reason: 'load', response: '' }],
    ['a response that failed', { object: 'response', status: 'failed', output: [] }],
    ['no choice', { choices: [] }],
  ])('%s is none', (_name, body) => {
    expect(generationOf(body, null)).toBeNull();
  });
});

const streamed = (body: string, type = 'text/event-stream', chunks: readonly string[] = [body]): HttpAnswer => {
  let bytes = 0;
  return {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': type },
    body,
    latencySeconds: 1,
    arrivals: chunks.map((chunk, i) => ({ bytes: (bytes += Buffer.byteLength(chunk)), seconds: (i + 1) / 10 })),
  };
};
const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const delta = (content: object, more: object = {}): string =>
  event({
    object: 'chat.completion.chunk',
    model: 'm',
    choices: [{ index: 0, delta: content, finish_reason: null, ...more }],
  });

describe('a stream', () => {
  it('of chat is put together; the first words are those with text, not the role', () => {
    const parts = [
      ': keep-alive\r\n\r\n',
      delta({ role: 'assistant', content: '' }),
      delta({ content: 'Grüße' }, { logprobs: { content: [{ logprob: -0.1 }] } }),
      delta({ content: ' an' }, { logprobs: { content: [{ logprob: -0.3 }] } }),
      delta({}, { finish_reason: 'stop' }),
      event({
        object: 'chat.completion.chunk',
        model: 'm',
        choices: [],
        usage: { prompt_tokens: 3, completion_tokens: 2 },
      }),
      'data: [DONE]\n\n',
    ];
    // Written across the boundaries of its events, as TCP likes to.
    const whole = parts.join('');
    const answer = modelAnswer(streamed(whole, undefined, parts));
    expect(answer).toMatchObject({
      kind: 'answer',
      prediction: 'Grüße an',
      confidence: expect.closeTo(Math.exp(-0.2), 9) as number,
      modelVersion: 'm',
      generation: {
        outcome: 'answered',
        features: {
          input_tokens: 3,
          output_tokens: 2,
          time_to_first_chunk_seconds: 0.3,
          mean_log_probability: expect.closeTo(-0.2, 9) as number,
        },
      },
    });
    expect(modelAnswer(streamed(whole.replaceAll('\n', '\r\n').replace('data: [DONE]', '')))).toMatchObject({
      prediction: 'Grüße an',
    });
  });

  it('of tool calls joins their arguments', () => {
    const piece = (args: string, name?: string): string =>
      delta({ tool_calls: [{ index: 0, function: { ...(name === undefined ? {} : { name }), arguments: args } }] });
    expect(
      modelAnswer(streamed([piece('{"a"', 'sum'), piece(':1}'), delta({}, { finish_reason: 'tool_calls' })].join(''))),
    ).toMatchObject({
      prediction: 'calls sum',
      generation: { outcome: 'calls a tool', features: { tool_calls: 1, tool_call_errors: 0 } },
    });
  });

  it('that ends in an error is an error', () => {
    expect(
      modelAnswer(streamed(delta({ content: 'a' }) + event({ error: { message: 'out of memory' } }))),
    ).toMatchObject({
      kind: 'failure',
      failure: { reason: 'error_body', detail: expect.stringContaining('out of memory') as string },
    });
  });

  it('of completions, of Ollama’s lines and of TGI is put together', () => {
    const completions = ['ye', 's'].map((text) => event({ choices: [{ text, finish_reason: null }] })).join('');
    expect(modelAnswer(streamed(completions))).toMatchObject({ prediction: 'yes' });
    const lines = [
      { model: 'm', message: { role: 'assistant', content: 'ye' }, done: false },
      { model: 'm', message: { role: 'assistant', content: 's' }, done: false },
      { model: 'm', message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', eval_count: 2 },
    ];
    expect(
      modelAnswer(streamed(lines.map((line) => JSON.stringify(line)).join('\n'), 'application/x-ndjson')),
    ).toMatchObject({
      prediction: 'yes',
      generation: { features: { output_tokens: 2, time_to_first_chunk_seconds: 0.1 } },
    });
    const tgi =
      event({ token: { text: 'ye' }, generated_text: null }) +
      event({ token: { text: 's' }, generated_text: 'yes', details: { finish_reason: 'length' } });
    expect(modelAnswer(streamed(tgi))).toMatchObject({ prediction: 'yes', generation: { outcome: 'cut short' } });
  });

  it('is one shape of answer, whatever is said', () => {
    const shapes = [
      chat({ content: 'a' }, 'stop'),
      chat({ content: null, refusal: 'no' }, 'stop'),
      chat({ tool_calls: [call('f', '{}')] }, 'tool_calls'),
    ].map((body) => {
      const answer = modelAnswer({ ...streamed(JSON.stringify(body)), headers: {} });
      return answer.kind === 'answer' ? answer.shape : answer.failure.detail;
    });
    expect(new Set(shapes)).toEqual(new Set(['choices,usage']));
  });
});
