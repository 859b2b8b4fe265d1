import { isObject } from '../../../domain/json.js';
import type { Json } from '../../../domain/json.js';
import { modelAnswer } from '../answers/read-answer.js';
import { IMAGES, imageUrl } from '../payloads/images.js';
import { SENTENCES } from '../payloads/sentences.js';
import { isHttpAnswer, post, type Connector } from './connector.js';

const PREDICTIONS = /\/predictions\/[^/]+(\/[^/]+)?\/?$/;

/** TorchServe: `POST /predictions/<model>`; classifiers answer `{label: score, …}`. */
export const torchserve: Connector = {
  id: 'torchserve',
  describe(_context, url, authorizationSecret) {
    if (!PREDICTIONS.test(url.pathname)) return Promise.resolve([]);
    return Promise.resolve([
      {
        endpoint: { url: url.href, connector: 'torchserve', settings: {}, authorizationSecret },
        payloads: SENTENCES.slice(0, 8).map((text): Json => ({ data: text })),
        what: 'TorchServe path',
      },
      {
        endpoint: { url: url.href, connector: 'torchserve', settings: {}, authorizationSecret },
        payloads: SENTENCES.slice(0, 8).map((text): Json => ({ instances: [{ data: text }] })),
        what: 'TorchServe path, KServe envelope',
      },
      {
        endpoint: { url: url.href, connector: 'torchserve', settings: {}, authorizationSecret },
        payloads: IMAGES.map((_, variant): Json => imageUrl(variant)),
        what: 'TorchServe path, image',
      },
      {
        endpoint: { url: url.href, connector: 'torchserve', settings: { body: 'multipart' }, authorizationSecret },
        payloads: IMAGES.map((_, variant): Json => ({ data: imageUrl(variant) })),
        what: 'TorchServe path, form with an image',
      },
    ]);
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer, labelScores, context.asking?.pointers) : answer;
  },
};

/** `{cat: 0.9, dog: 0.1}` has its labels as keys: told apart by at least two values in [0, 1] and no other. */
function labelScores(body: Json): Json {
  if (!isObject(body)) return body;
  const entries = Object.entries(body);
  if (entries.length < 2 || !entries.every(([, score]) => typeof score === 'number' && score >= 0 && score <= 1))
    return body;
  return [entries.map(([label, score]) => ({ label, score }))];
}
