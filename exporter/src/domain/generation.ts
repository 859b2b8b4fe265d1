import { isList, isObject, type Json } from './json.js';

/** How a language model ended its answer. */
export type GenerationOutcome = 'answered' | 'refused' | 'empty' | 'cut short' | 'filtered' | 'calls a tool';

/** What a language model wrote. */
export interface Generation {
  /** At most 2,000 characters. Process memory only: what is kept of it are numbers, categories and salted hashes. */
  readonly text: string;
  readonly outcome: GenerationOutcome;
  /** The answer told by numbers and categories, under the names of `ANSWER_FEATURES`. */
  readonly features: Readonly<Record<string, number | string | boolean | null>>;
}

/**
 * Columns of a row that describe what a language model wrote and not what it was asked, the same for probes and for spans of
 * OpenTelemetry. They are watched like any other; no cause takes them for inputs.
 */
export const ANSWER_FEATURES: ReadonlySet<string> = new Set([
  'output_tokens',
  'reasoning_tokens',
  'time_to_first_chunk_seconds',
  'tool_calls',
  'tool_call_errors',
  'mean_log_probability',
  ...[
    'length',
    'words',
    'mean_word_length',
    'script',
    'digit_share',
    'upper_share',
    'punctuation_share',
    'question',
    'language',
    'refused',
    'empty',
    'truncated',
    'valid_json',
  ].map((part) => `output.${part}`),
]);

/** True for a subject such as `feature:output.length`. */
export const isAboutAnswers = (subject: string): boolean =>
  subject.startsWith('feature:') && ANSWER_FEATURES.has(subject.slice('feature:'.length));

/**
 * Whether a language model that is sent this payload draws its answers: servers do where nobody says how much chance there is to be
 * (`temperature`, at the top as OpenAI has it, or below `options` or `parameters` as Ollama and TGI have it).
 */
export function isAnswerDrawn(payload: Json): boolean {
  if (!isObject(payload)) return false;
  const isChat = isList(payload.messages) && payload.messages.some((message) => isObject(message) && 'role' in message);
  const isPrompt = typeof payload.prompt === 'string' && ('model' in payload || 'max_tokens' in payload);
  if (!isChat && !isPrompt) return false;
  const places = [payload, payload.options, payload.parameters].filter((place) => place !== undefined);
  return !places.some(
    (place) => isObject(place) && (place.temperature === 0 || place.do_sample === false || place.top_k === 1),
  );
}
