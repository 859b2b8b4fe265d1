import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { generatedTextFeatures } from '../../../statistics/generated-text-features.js';
import { textFeatures } from '../../../statistics/text-features.js';
import { readJson } from '../../ingest/formats/tolerant-json.js';
import type { Service } from '../services.js';
import type { Attributes, Signal } from './read-signals.js';

/** One row of a signal, and whose it is. */
export interface SignalRow {
  readonly service: Service;
  readonly row: JsonObject;
}

/** Names of one thing: GenAI conventions first, their older names, then OpenInference's. */
const NAMES = {
  requestModel: ['gen_ai.request.model', 'llm.request.model_name', 'llm.model_name'],
  responseModel: ['gen_ai.response.model', 'llm.response.model_name', 'llm.model_name'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'llm.provider', 'llm.system'],
  finishReason: ['gen_ai.response.finish_reasons', 'gen_ai.response.finish_reason', 'llm.finish_reason'],
  inputTokens: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens', 'llm.token_count.prompt'],
  outputTokens: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens', 'llm.token_count.completion'],
  reasoningTokens: ['gen_ai.usage.reasoning.output_tokens', 'llm.token_count.completion_details.reasoning'],
  cachedTokens: ['gen_ai.usage.cache_read.input_tokens', 'llm.token_count.prompt_details.cache_read'],
  temperature: ['gen_ai.request.temperature'],
  maximumTokens: ['gen_ai.request.max_tokens'],
  firstChunkSeconds: ['gen_ai.response.time_to_first_chunk'],
} as const;
const ASKED = ['gen_ai.input.messages', 'gen_ai.prompt', 'input.value'];
const SAID = ['gen_ai.output.messages', 'gen_ai.completion', 'output.value'];
const INDEXED_ASKED = /^(?:gen_ai\.prompt|llm\.input_messages)\.\d+\.(?:message\.)?content$/;
const INDEXED_SAID = /^(?:gen_ai\.completion|llm\.output_messages)\.\d+\.(?:message\.)?content$/;
const OPERATIONS = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);
const EVALUATION = 'gen_ai.evaluation.result';

/** The rows of a call of a language model, and of judgements on one; none for a signal that is neither. */
export function genAiRows(signal: Signal): readonly SignalRow[] {
  const call = signal.kind === 'span' && isCall(signal.attributes) ? [callRow(signal)] : [];
  const judged = signal.events
    .filter(({ name }) => name === EVALUATION)
    .map(({ attributes, atMs }) => evaluationRow(signal, attributes, atMs));
  return signal.name === EVALUATION
    ? [evaluationRow(signal, signal.attributes, signal.startedAtMs)]
    : [...call, ...judged];
}

function isCall(attributes: Attributes): boolean {
  const operation = attributes.get('gen_ai.operation.name');
  if (typeof operation === 'string') return OPERATIONS.has(operation);
  const kind = attributes.get('openinference.span.kind');
  if (typeof kind === 'string') return kind === 'LLM' || kind === 'EMBEDDING';
  return first(attributes, NAMES.requestModel) !== null;
}

function first(attributes: Attributes, names: readonly string[]): Json {
  for (const name of names) {
    const value = attributes.get(name) ?? null;
    if (value !== null && value !== '') return value;
  }
  return null;
}

const textIn = (attributes: Attributes, names: readonly string[]): string | null => {
  const value = first(attributes, names);
  return typeof value === 'string' ? value : null;
};

/** Two services that use one model are two deployments of it. */
function serviceOf({ attributes, resource }: Signal, suffix = ''): Service {
  const model = textIn(attributes, NAMES.requestModel) ?? textIn(attributes, NAMES.responseModel);
  const said = resource.get('service.name');
  const service = typeof said === 'string' && said !== '' && !said.startsWith('unknown_service') ? said : null;
  const full = service !== null && model !== null ? `${service}/${model}` : (service ?? model);
  const names = [full, model, service].flatMap((name) => (name === null ? [] : [`${name}${suffix}`]));
  return { names, newName: full === null ? null : `${full}${suffix}` };
}

function callRow(signal: Signal): SignalRow {
  const { attributes, startedAtMs, durationMs } = signal;
  const asked = lastText(attributes, ASKED, INDEXED_ASKED);
  const said = lastText(attributes, SAID, INDEXED_SAID);
  const number = (names: readonly string[]): Json => {
    const value = first(attributes, names);
    return typeof value === 'number' ? value : null;
  };
  const reasons = first(attributes, NAMES.finishReason);
  const reason = isList(reasons) ? reasons[0] : reasons;
  const failure = attributes.get('error.type');
  const isFailed = signal.isError || typeof failure === 'string';
  const provider = textIn(attributes, NAMES.provider);
  return {
    service: serviceOf(signal),
    row: {
      prediction_id: textIn(attributes, ['gen_ai.response.id']) ?? (signal.spanId === '' ? null : signal.spanId),
      ...(startedAtMs === null ? {} : { timestamp: startedAtMs }),
      ...(durationMs === null ? {} : { latency_ms: durationMs }),
      ...(isFailed ? { error: typeof failure === 'string' ? failure : 'other' } : { prediction: reason ?? 'answered' }),
      model_version: textIn(attributes, NAMES.responseModel),
      ...(provider === null ? {} : { context: { provider } }),
      features: filled({
        input_tokens: number(NAMES.inputTokens),
        output_tokens: number(NAMES.outputTokens),
        reasoning_tokens: number(NAMES.reasoningTokens),
        cached_tokens: number(NAMES.cachedTokens),
        temperature: number(NAMES.temperature),
        max_tokens: number(NAMES.maximumTokens),
        time_to_first_chunk_seconds: number(NAMES.firstChunkSeconds),
        ...described('input', asked, textFeatures),
        ...described('output', said, generatedTextFeatures),
        ...(typeof reason === 'string' ? { 'output.truncated': /^(length|max_tokens)$/.test(reason) } : {}),
      }),
    },
  };
}

const filled = (features: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(features).filter(([, value]) => value !== null));

/** Prompts and completions are told by numbers; not a word of them is kept. */
function described(prefix: string, text: string | null, features: typeof textFeatures): JsonObject {
  if (text === null) return {};
  return Object.fromEntries(
    Object.entries(features(text)).map(([part, value]) => [`${prefix}.${part}`, value ?? null]),
  );
}

/** What was said last, in whichever of the forms: messages with parts, as text or structured; by index; plain. */
function lastText(attributes: Attributes, names: readonly string[], indexed: RegExp): string | null {
  const given = first(attributes, names);
  const found = given === null ? null : textOfMessages(given);
  if (found !== null) return found;
  const last = [...attributes].filter(([name]) => indexed.test(name)).at(-1)?.[1];
  return typeof last === 'string' ? last : null;
}

function textOfMessages(value: Json): string | null {
  if (typeof value === 'string') {
    const reading = /^\s*[[{]/.test(value) ? readJson(value) : null;
    return reading?.kind === 'value' && typeof reading.value === 'object'
      ? textOfMessages(reading.value as Json)
      : value;
  }
  const message = isList(value) ? value.at(-1) : value;
  if (!isObject(message)) return null;
  if (typeof message.content === 'string') return message.content;
  const parts = isList(message.parts) ? message.parts.filter(isObject) : [];
  const texts = parts.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
  return texts.length === 0 ? null : texts.join('\n');
}

/** A judgement is no label: it is watched as what a judge says, a model of its own beside the judged one. */
function evaluationRow(signal: Signal, attributes: Attributes, atMs: number | null): SignalRow {
  const name = textIn(attributes, ['gen_ai.evaluation.name']) ?? 'evaluation';
  const label = textIn(attributes, ['gen_ai.evaluation.score.label']);
  const score = first(attributes, ['gen_ai.evaluation.score.value']);
  const failure = textIn(attributes, ['error.type']);
  return {
    service: serviceOf(signal, `/${name}`),
    row: {
      ...(atMs === null ? {} : { timestamp: atMs }),
      ...(failure === null ? { prediction: label ?? score } : { error: failure }),
      ...(label !== null && typeof score === 'number' ? { features: { score } } : {}),
    },
  };
}
