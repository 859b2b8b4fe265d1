import { isObject, isList } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { guessedRows } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, getJson, isRoot, type Candidate, type Connector } from './connector.js';

const MODEL = /^(.*\/v1\/models\/[^/:]+)(?::predict)?\/?$/;

/** KServe's v1 protocol, which names no inputs: `{"instances": […]}` with rows of likely widths, then text. */
export const kserve: Connector = {
  id: 'kserve',
  async describe(context, url, authorizationSecret) {
    const told = MODEL.exec(url.pathname.replace(/%3a/gi, ':'));
    if (told === null && !isRoot(url) && !/\/v1(\/models)?\/?$/.test(url.pathname)) return [];
    const model = told === null ? await firstModel() : told[1];
    if (model === undefined) return [];
    const candidate: Candidate = {
      endpoint: { url: `${url.origin}${model}:predict`, connector: 'kserve', settings: {}, authorizationSecret },
      payloads: [
        ...guessedRows().map((row): Json => ({ instances: [row] })),
        ...SENTENCES.slice(0, 1).map((sentence): Json => ({ instances: [sentence] })),
      ],
      what: 'KServe v1 path',
      isGuess: true,
    };
    return [candidate];

    /** `{"models": ["m"]}`; an OpenAI-like server answers `{object: "list", data: […]}` at the same path. */
    async function firstModel(): Promise<string | undefined> {
      const base = url.pathname.replace(/\/(v1(\/models)?\/?)?$/, '');
      const listed = await getJson(context, `${url.origin}${base}/v1/models`, authorizationSecret);
      const models = listed !== null && isObject(listed) && isList(listed.models) ? listed.models : [];
      const [first] = models;
      return typeof first === 'string' ? `${base}/v1/models/${encodeURIComponent(first)}` : undefined;
    }
  },
  ask: askByPost,
};
