import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, getJson, isRoot, type Candidate, type Connector, type ConnectorContext } from './connector.js';

type Task = 'chat/completions' | 'completions' | 'responses' | 'embeddings';
const TASK_PATH = /^(.*?)\/(chat\/completions|completions|responses|embeddings)\/?$/;
/** Whether an address ends as those of OpenAI's interface do. */
export const isOpenAiTask = ({ pathname }: URL): boolean => TASK_PATH.test(pathname);
const LISTED_AT = /^(.*?)(\/models)?\/?$/;

/**
 * OpenAI's interface, as vLLM, TGI, LiteLLM, llama.cpp, KServe's `/openai/v1` and Azure's deployments offer it
 * (openai/openai-openapi): asked at temperature 0 for short answers, with log-probabilities where the server gives them.
 */
export const openai: Connector = {
  id: 'openai',
  async describe(context, url, authorizationSecret) {
    const told = TASK_PATH.exec(url.pathname);
    const bases = told === null ? basesOf(url) : [told[1] ?? ''];
    for (const base of bases) {
      const model = await servedModel(context, `${url.origin}${base}/models${url.search}`, authorizationSecret);
      if (model === null && told === null) continue;
      const tasks: readonly Task[] =
        told === null ? ['chat/completions', 'completions', 'embeddings'] : [told[2] as Task];
      return tasks.flatMap((task) =>
        payloadsFor(task, model).map((payloads): Candidate => ({
          endpoint: {
            url: `${url.origin}${base}/${task}${url.search}`,
            connector: 'openai',
            settings: {},
            authorizationSecret,
          },
          payloads,
          what: `OpenAI interface, ${task}${model === null ? '' : `, model ${model.slice(0, 80)}`}`,
        })),
      );
    }
    return [];
  },
  ask: askByPost,
};

/** An address that ends in `/v1` or `/v1/models` names the base; from the root the usual ones are tried. */
function basesOf(url: URL): string[] {
  if (isRoot(url)) return ['/v1', '/openai/v1'];
  const base = LISTED_AT.exec(url.pathname)?.[1] ?? '';
  return /\/v\d+$/.test(base) ? [base] : [];
}

/** The first model of `{object: "list", data: [{id}]}`; KServe's v1 answers `{models: […]}` at the same path. */
async function servedModel(context: ConnectorContext, url: string, secret: string | null): Promise<string | null> {
  const listed = await getJson(context, url, secret);
  const [first] = listOf(listed, 'data');
  return isObject(first) && typeof first.id === 'string' ? first.id : null;
}

const listOf = (value: Json, name: string): readonly Json[] => {
  const list = isObject(value) ? value[name] : null;
  return isList(list) ? list : [];
};

const LONGEST_ANSWER_TOKENS = 64;

/** Ways to ask, most telling first: not every server knows log-probabilities, and reasoning models refuse a temperature. */
function payloadsFor(task: Task, model: string | null): Json[][] {
  const named: JsonObject = model === null ? {} : { model };
  const each = (payload: (sentence: string) => JsonObject): Json[] =>
    SENTENCES.slice(0, 8).map((sentence) => ({ ...named, ...payload(sentence) }));
  const messages = (content: string): Json => [{ role: 'user', content }];
  const settled = { temperature: 0, max_tokens: LONGEST_ANSWER_TOKENS };
  /** The time to the first words shows in a stream alone. */
  const streamed = { stream: true, stream_options: { include_usage: true } };
  switch (task) {
    case 'chat/completions':
      return [
        each((content) => ({ messages: messages(content), ...settled, logprobs: true, ...streamed })),
        each((content) => ({ messages: messages(content), ...settled, logprobs: true })),
        each((content) => ({ messages: messages(content), ...settled })),
        each((content) => ({ messages: messages(content) })),
      ];
    case 'completions':
      return [
        each((prompt) => ({ prompt, ...settled, logprobs: 1, ...streamed })),
        each((prompt) => ({ prompt, ...settled, logprobs: 1 })),
        each((prompt) => ({ prompt, ...settled })),
      ];
    case 'responses':
      return [each((input) => ({ input, temperature: 0 })), each((input) => ({ input }))];
    case 'embeddings':
      return [each((input) => ({ input }))];
  }
}
