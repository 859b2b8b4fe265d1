import type { Generation, GenerationOutcome } from '../../../domain/generation.js';
import { isObject, parseJson } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { generatedTextFeatures, isRefusal } from '../../../statistics/generated-text-features.js';
import { areNumbers, isList, textIn } from './found.js';

const LONGEST_TEXT = 2_000;
const NANOSECONDS = 1e9;

/** What is read out of an answer of a language model, whatever its interface. */
interface Written {
  readonly text: string;
  readonly finishReason: string | null;
  readonly refusal: string | null;
  readonly toolCalls: readonly JsonObject[];
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly reasoningTokens: number | null;
  readonly logProbabilities: readonly number[];
  /** As the server says it: Ollama. */
  readonly firstWordsSeconds: number | null;
}

const NOTHING: Written = {
  text: '',
  finishReason: null,
  refusal: null,
  toolCalls: [],
  inputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  logProbabilities: [],
  firstWordsSeconds: null,
};

/**
 * How a language model answered: what it wrote, how it ended, and the figures that tell of it. Null for any other model.
 * @param firstWordsSeconds from the call to the first words, where the answer was streamed
 */
export function generationOf(body: Json, firstWordsSeconds: number | null): Generation | null {
  const written = writtenIn(body);
  if (written === null) return null;
  const { text, toolCalls, logProbabilities } = written;
  const described = Object.entries(generatedTextFeatures(text)).map(
    ([name, value]) => [`output.${name}`, value] as const,
  );
  const mean = logProbabilities.reduce((sum, one) => sum + one, 0) / logProbabilities.length;
  const outcome = outcomeOf(written);
  return {
    text: text.slice(0, LONGEST_TEXT),
    outcome,
    features: {
      ...withoutNull({
        input_tokens: written.inputTokens,
        output_tokens: written.outputTokens,
        reasoning_tokens: written.reasoningTokens,
        time_to_first_chunk_seconds: firstWordsSeconds ?? written.firstWordsSeconds,
        mean_log_probability: logProbabilities.length === 0 ? null : mean,
      }),
      ...Object.fromEntries(described),
      'output.refused': outcome === 'refused',
      'output.truncated': isCutShort(written),
      tool_calls: toolCalls.length,
      tool_call_errors: toolCalls.filter((call) => !isCallable(call)).length,
    },
  };
}

const withoutNull = (features: Readonly<Record<string, number | null>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(features).filter((entry): entry is [string, number] => entry[1] !== null));

const CUT_SHORT = /^(length|max_tokens|max_output_tokens)$/i;
const isCutShort = ({ finishReason }: Written): boolean => finishReason !== null && CUT_SHORT.test(finishReason);

function outcomeOf(written: Written): GenerationOutcome {
  if (written.finishReason === 'content_filter') return 'filtered';
  if (written.refusal !== null || isRefusal(written.text)) return 'refused';
  if (written.toolCalls.length > 0) return 'calls a tool';
  if (written.text.trim() === '') return 'empty';
  return isCutShort(written) ? 'cut short' : 'answered';
}

/** A call names a function and gives its arguments as a JSON object. */
function isCallable(call: JsonObject): boolean {
  const called = objectAt(call, 'function') ?? call;
  if (textIn(called, 'name') === null || called.name === '') return false;
  if (isObject(called.arguments ?? null)) return true;
  try {
    return isObject(parseJson(textIn(called, 'arguments') ?? ''));
  } catch {
    return false;
  }
}

function writtenIn(body: Json): Written | null {
  const value = isList(body) && body.length === 1 ? (body[0] ?? null) : body;
  if (!isObject(value)) return null;
  if (isList(value.choices)) return ofChoices(value, value.choices);
  if (value.object === 'response' && isList(value.output))
    return value.status === 'failed' ? null : ofResponse(value, value.output);
  // An empty answer with this reason is the loading of the model; embeddings have no words.
  if (typeof value.done === 'boolean') return value.done_reason === 'load' ? null : ofOllama(value);
  const text = textIn(value, 'generated_text') ?? textIn(value, 'text_output');
  return text === null ? null : ofTextGeneration(value, text);
}

const objectAt = (value: JsonObject, name: string): JsonObject | null => {
  const inner = value[name];
  return inner !== undefined && isObject(inner) ? inner : null;
};
const objectsAt = (value: JsonObject, name: string): readonly JsonObject[] => {
  const inner = value[name];
  return isList(inner) ? inner.filter(isObject) : [];
};
const numberAt = (value: JsonObject | null, ...names: readonly string[]): number | null => {
  for (const name of names) {
    const number = value?.[name];
    if (typeof number === 'number') return number;
  }
  return null;
};

/** Either spelling of what was used: `prompt_tokens` and `input_tokens` are one. */
function usageOf(value: JsonObject): Pick<Written, 'inputTokens' | 'outputTokens' | 'reasoningTokens'> {
  const usage = objectAt(value, 'usage');
  const details =
    usage === null ? null : (objectAt(usage, 'completion_tokens_details') ?? objectAt(usage, 'output_tokens_details'));
  return {
    inputTokens: numberAt(usage, 'prompt_tokens', 'input_tokens'),
    outputTokens: numberAt(usage, 'completion_tokens', 'output_tokens'),
    reasoningTokens: numberAt(details, 'reasoning_tokens'),
  };
}

const textParts = (value: JsonObject, type: string, name = 'text'): string =>
  objectsAt(value, 'content')
    .filter((part) => part.type === type)
    .map((part) => textIn(part, name) ?? '')
    .join('');

function ofChoices(value: JsonObject, choices: readonly Json[]): Written | null {
  const choice = choices[0] ?? null;
  if (!isObject(choice)) return null;
  const message = objectAt(choice, 'message');
  const logprobs = objectAt(choice, 'logprobs');
  const given = logprobs === null ? [] : objectsAt(logprobs, 'content').map(({ logprob }) => logprob ?? null);
  const numbers: Json | undefined = given.length > 0 ? given : (logprobs?.token_logprobs ?? []);
  return {
    ...NOTHING,
    ...usageOf(value),
    text:
      message === null ? (textIn(choice, 'text') ?? '') : (textIn(message, 'content') ?? textParts(message, 'text')),
    finishReason: textIn(choice, 'finish_reason'),
    refusal: message === null ? null : textIn(message, 'refusal'),
    toolCalls: message === null ? [] : objectsAt(message, 'tool_calls'),
    logProbabilities: areNumbers(numbers) ? numbers : [],
  };
}

function ofResponse(value: JsonObject, output: readonly Json[]): Written {
  const items = output.filter(isObject);
  const messages = items.filter(({ type }) => type === 'message');
  const refusal = messages.map((message) => textParts(message, 'refusal', 'refusal')).join('');
  const incomplete = objectAt(value, 'incomplete_details');
  return {
    ...NOTHING,
    ...usageOf(value),
    text: messages.map((message) => textParts(message, 'output_text')).join(''),
    finishReason: (incomplete === null ? null : textIn(incomplete, 'reason')) ?? textIn(value, 'status'),
    refusal: refusal === '' ? null : refusal,
    toolCalls: items.filter(({ type }) => type === 'function_call'),
  };
}

function ofOllama(value: JsonObject): Written {
  const message = objectAt(value, 'message');
  const [load, reading] = [numberAt(value, 'load_duration'), numberAt(value, 'prompt_eval_duration')];
  return {
    ...NOTHING,
    text: (message === null ? textIn(value, 'response') : textIn(message, 'content')) ?? '',
    finishReason: textIn(value, 'done_reason'),
    toolCalls: message === null ? [] : objectsAt(message, 'tool_calls'),
    inputTokens: numberAt(value, 'prompt_eval_count'),
    outputTokens: numberAt(value, 'eval_count'),
    firstWordsSeconds: reading === null ? null : ((load ?? 0) + reading) / NANOSECONDS,
  };
}

/** Text Generation Inference and Triton's `generate`. */
function ofTextGeneration(value: JsonObject, text: string): Written {
  const details = objectAt(value, 'details');
  const tokens = details === null ? [] : objectsAt(details, 'tokens').map(({ logprob }) => logprob ?? null);
  return {
    ...NOTHING,
    text,
    finishReason: details === null ? null : textIn(details, 'finish_reason'),
    outputTokens: numberAt(details, 'generated_tokens'),
    inputTokens: details === null || !isList(details.prefill) ? null : details.prefill.length || null,
    logProbabilities: areNumbers(tokens) ? tokens : [],
  };
}
