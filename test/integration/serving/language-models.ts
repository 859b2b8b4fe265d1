import { isObject } from '../../../exporter/src/domain/json.js';
import type { Json, JsonObject } from '../../../exporter/src/domain/json.js';
import type { Reply } from '../../unit/capture/probing/model-server.js';
import { field, list, takes, VECTOR, type Handler, type Serving } from './serving.js';

const isChat = (body: Json): boolean =>
  isObject(body) &&
  body.model === 'tiny' &&
  list(body.messages).length > 0 &&
  list(body.messages).every(
    (message) => typeof field(message, 'role') === 'string' && typeof field(message, 'content') === 'string',
  );

const chatAnswer = (logprobs: Json): JsonObject => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_764_288_000,
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', content: 'positive' }, logprobs, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
});
const withLogprobs = { content: [{ token: 'positive', logprob: Math.log(0.8), top_logprobs: [] }] };
const openaiError = (message: string): Json => ({
  error: { message, type: 'invalid_request_error', param: null, code: null },
});
const models = (id = 'tiny'): Reply => ({
  body: { object: 'list', data: [{ id, object: 'model', created: 1, owned_by: 'me' }] },
});
const chat: Handler = ({ body }) =>
  isChat(body)
    ? { body: chatAnswer(field(body, 'logprobs') === true ? withLogprobs : null) }
    : { status: 400, body: openaiError('messages and model are required') };
const READS_CHAT =
  'prediction from /choices/0/message/content, confidence from /choices/0/logprobs (geometric mean of the tokens)';

export const openaiLike: readonly Serving[] = [
  {
    name: 'OpenAI-compatible chat (vLLM, LiteLLM, llama.cpp), root',
    path: '/',
    routes: { 'GET /v1/models': models(), 'POST /v1/chat/completions': chat },
    connector: 'openai',
    prediction: 'positive',
    confidence: 0.8,
    reads: READS_CHAT,
  },
  {
    name: 'OpenAI-compatible chat, below a prefix',
    path: '/team/llm/v1',
    routes: { 'GET /team/llm/v1/models': models(), 'POST /team/llm/v1/chat/completions': chat },
    connector: 'openai',
    prediction: 'positive',
    confidence: 0.8,
    reads: READS_CHAT,
  },
  {
    name: 'KServe’s OpenAI interface',
    path: '/openai/v1/chat/completions',
    routes: { 'GET /openai/v1/models': models(), 'POST /openai/v1/chat/completions': chat },
    connector: 'openai',
    prediction: 'positive',
    confidence: 0.8,
    reads: READS_CHAT,
  },
  {
    name: 'Azure OpenAI deployment',
    path: '/openai/deployments/d/chat/completions?api-version=2024-06-01',
    routes: {
      'POST /openai/deployments/d/chat/completions?api-version=2024-06-01': takes(
        (body) => list(field(body, 'messages')).length > 0 && field(body, 'logprobs') !== true,
        chatAnswer(null),
        openaiError('logprobs is not supported with this model'),
      ),
    },
    connector: 'openai',
    prediction: 'positive',
    confidence: null,
    reads: 'prediction from /choices/0/message/content, no confidence',
  },
  {
    name: 'OpenAI-compatible completions',
    path: '/v1/completions',
    routes: {
      'GET /v1/models': models(),
      'POST /v1/completions': takes(
        (body) => field(body, 'model') === 'tiny' && typeof field(body, 'prompt') === 'string',
        {
          object: 'text_completion',
          model: 'tiny',
          choices: [{ text: ' yes', index: 0, logprobs: null, finish_reason: 'stop' }],
        },
        openaiError('prompt is required'),
      ),
    },
    connector: 'openai',
    prediction: 'yes',
    confidence: null,
    reads: 'prediction from /choices/0/text, no confidence',
  },
  {
    name: 'OpenAI-compatible responses',
    path: '/v1/responses',
    routes: {
      'GET /v1/models': models(),
      'POST /v1/responses': takes(
        (body) => field(body, 'model') === 'tiny' && typeof field(body, 'input') === 'string',
        {
          object: 'response',
          status: 'completed',
          model: 'tiny',
          output: [
            { type: 'reasoning', summary: [] },
            { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'yes', annotations: [] }] },
          ],
        },
        openaiError('input is required'),
      ),
    },
    connector: 'openai',
    prediction: 'yes',
    confidence: null,
    reads: 'prediction from /output, no confidence',
  },
  {
    name: 'OpenAI-compatible embeddings',
    path: '/v1/embeddings',
    routes: {
      'GET /v1/models': models(),
      'POST /v1/embeddings': takes(
        (body) => field(body, 'model') === 'tiny' && typeof field(body, 'input') === 'string',
        { object: 'list', model: 'tiny', data: [{ object: 'embedding', index: 0, embedding: VECTOR }] },
        openaiError('input is required'),
      ),
    },
    connector: 'openai',
    prediction: null,
    confidence: null,
    reads: 'prediction from /data/0/embedding (projection of 32 numbers), no confidence',
  },
  {
    name: 'Ollama, root',
    path: '/',
    routes: {
      'GET /api/tags': { body: { models: [{ name: 'tiny', model: 'tiny', digest: 'abc' }] } },
      'POST /api/chat': takes((body) => isChat(body) && field(body, 'stream') === false, {
        model: 'tiny',
        message: { role: 'assistant', content: 'positive' },
        done: true,
        done_reason: 'stop',
      }),
    },
    connector: 'ollama',
    prediction: 'positive',
    confidence: null,
    reads: 'prediction from /message/content, no confidence',
  },
  {
    name: 'Ollama generate',
    path: '/api/generate',
    routes: {
      'GET /api/tags': { body: { models: [{ name: 'tiny' }] } },
      'POST /api/generate': takes(
        (body) =>
          field(body, 'model') === 'tiny' &&
          typeof field(body, 'prompt') === 'string' &&
          field(body, 'stream') === false,
        { model: 'tiny', response: 'yes', done: true, done_reason: 'stop' },
      ),
    },
    connector: 'ollama',
    prediction: 'yes',
    confidence: null,
    reads: 'prediction from /response, no confidence',
  },
  {
    name: 'Text Generation Inference, /generate',
    path: '/generate',
    routes: {
      'POST /generate': takes(
        (body) => typeof field(body, 'inputs') === 'string',
        { generated_text: 'and then', details: null },
        { error: 'Input validation error', error_type: 'validation' },
        422,
      ),
    },
    connector: 'rest',
    prediction: 'and then',
    confidence: null,
    reads: 'prediction from /generated_text, no confidence',
  },
];
