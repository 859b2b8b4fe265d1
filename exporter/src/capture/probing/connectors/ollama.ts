import { isObject, isList } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, getJson, isRoot, type Candidate, type Connector } from './connector.js';

const PATH = /^(.*)\/api\/(chat|generate|embed)\/?$/;

/** Ollama's own interface (ollama/ollama `docs/api.md`), which streams unless told not to. */
export const ollama: Connector = {
  id: 'ollama',
  async describe(context, url, authorizationSecret) {
    const told = PATH.exec(url.pathname);
    if (told === null && !isRoot(url)) return [];
    const base = `${url.origin}${told?.[1] ?? ''}/api`;
    const tags = await getJson(context, `${base}/tags`, authorizationSecret);
    const [first] = isObject(tags ?? undefined) && isObject(tags) && isList(tags.models) ? tags.models : [];
    const model = isObject(first) && typeof first.name === 'string' ? first.name : null;
    if (model === null) return [];
    const task = told?.[2] ?? 'chat';
    const candidate: Candidate = {
      endpoint: { url: `${base}/${task}`, connector: 'ollama', settings: {}, authorizationSecret },
      payloads: SENTENCES.slice(0, 8).map((sentence): Json => {
        if (task === 'embed') return { model, input: sentence };
        const said = task === 'chat' ? { messages: [{ role: 'user', content: sentence }] } : { prompt: sentence };
        return { model, ...said, stream: false, options: { temperature: 0, num_predict: 64 } };
      }),
      what: `Ollama, model ${model.slice(0, 80)}`,
    };
    return [candidate];
  },
  ask: askByPost,
};
