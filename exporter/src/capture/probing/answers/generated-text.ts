import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { areNumbers, at, isList, located, NOTHING, share, textIn, type Found, type Reader } from './found.js';

const TEXT_NAMES = ['generated_text', 'summary_text', 'translation_text', 'text_output'];

/**
 * Answers of language models: OpenAI chat, completions and responses (openai/openai-openapi), Ollama, and the text tasks of
 * Hugging Face, TGI and Triton. The confidence is the geometric mean of the tokens' probabilities where they are given:
 * the probability of the whole text falls with its length.
 */
export const readGeneratedText: Reader = (value, path) => {
  if (!isObject(value)) return null;
  if (isList(value.choices)) return ofChoices(value, value.choices, path);
  if (value.object === 'response' && isList(value.output)) return ofResponse(value, value.output, path);
  if (typeof value.done === 'boolean') return ofOllama(value, path);
  const name = TEXT_NAMES.find((candidate) => typeof value[candidate] === 'string');
  return name === undefined ? null : { ...NOTHING, prediction: located(value[name], at(path, name)) };
};

/** The model as it is named in the answer: it may differ from the one asked for. */
function versionOf(value: JsonObject): string | null {
  const named = textIn(value, 'model');
  const fingerprint = textIn(value, 'system_fingerprint');
  return named === null ? fingerprint : fingerprint === null ? named : `${named} ${fingerprint}`.slice(0, 100);
}

function ofChoices(value: JsonObject, choices: readonly Json[], path: string): Found {
  const [choice] = choices;
  if (choice === undefined || !isObject(choice)) return { ...NOTHING, modelVersion: versionOf(value) };
  const place = at(at(path, 'choices'), 0);
  const prediction = isObject(choice.message)
    ? saidIn(choice.message, at(place, 'message'))
    : located(textIn(choice, 'text')?.trim(), at(place, 'text'));
  return {
    prediction,
    confidence: prediction === null ? null : fromLogProbabilities(choice.logprobs ?? null, at(place, 'logprobs')),
    modelVersion: versionOf(value),
  };
}

/** Text, or what stands in its place: a refusal, or the function the model wants called. */
function saidIn(message: JsonObject, path: string): Found['prediction'] {
  const { content } = message;
  if (typeof content === 'string') return located(content.trim(), at(path, 'content'));
  if (isList(content)) return located(textParts(content, 'text'), at(path, 'content'));
  const refusal = textIn(message, 'refusal');
  if (refusal !== null) return located(refusal, at(path, 'refusal'));
  const [call] = isList(message.tool_calls) ? message.tool_calls : [];
  const name = isObject(call) && isObject(call.function) ? textIn(call.function, 'name') : null;
  return name === null ? null : located(`calls ${name}`, at(path, 'tool_calls'));
}

/** `content` of chat, `token_logprobs` of completions. The first token of an echoed prompt has null. */
function fromLogProbabilities(logprobs: Json, path: string): Found['confidence'] {
  if (!isObject(logprobs)) return null;
  const content = isList(logprobs.content)
    ? logprobs.content.filter(isObject).map(({ logprob }) => logprob ?? null)
    : null;
  const numbers = content ?? logprobs.token_logprobs ?? null;
  if (!areNumbers(numbers) || numbers.length === 0) return null;
  return share(
    Math.exp(numbers.reduce((sum, logprob) => sum + logprob, 0) / numbers.length),
    `${path} (geometric mean of the tokens)`,
  );
}

/** Reasoning and tool calls come before the message; a failed response has none. */
function ofResponse(value: JsonObject, output: readonly Json[], path: string): Found {
  const messages = output.filter(isObject).filter(({ type }) => type === 'message');
  const text = messages.map(({ content }) => (isList(content) ? textParts(content, 'output_text') : '')).join('');
  const prediction = text === '' ? null : located(text.trim(), at(path, 'output'));
  return { ...NOTHING, prediction, modelVersion: versionOf(value) };
}

const textParts = (parts: readonly Json[], type: string): string =>
  parts
    .filter(isObject)
    .filter((part) => part.type === type)
    .map((part) => textIn(part, 'text') ?? '')
    .join('');

function ofOllama(value: JsonObject, path: string): Found {
  const message = isObject(value.message) ? value.message : null;
  const said = message === null ? textIn(value, 'response') : textIn(message, 'content');
  const from = message === null ? at(path, 'response') : at(at(path, 'message'), 'content');
  // An empty answer with this reason is the loading of the model.
  const isLoading = said === '' && value.done_reason === 'load';
  return {
    ...NOTHING,
    prediction: said === null || isLoading ? null : located(said.trim(), from),
    modelVersion: versionOf(value),
  };
}
