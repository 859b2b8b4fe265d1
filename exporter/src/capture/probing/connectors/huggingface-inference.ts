import { modelAnswer } from '../answers/read-answer.js';
import { SENTENCES } from '../payloads/sentences.js';
import { isHttpAnswer, post, type Connector } from './connector.js';

const HOSTS = /(^|\.)(huggingface\.co|endpoints\.huggingface\.cloud)$/;

/** Hugging Face Inference API and Inference Endpoints: `{"inputs": …}` → `[[{label, score}]]`; 503 with `estimated_time` while loading. */
export const huggingfaceInference: Connector = {
  id: 'huggingface-inference',
  describe(_context, url, authorizationSecret) {
    if (!HOSTS.test(url.hostname)) return Promise.resolve([]);
    return Promise.resolve([
      {
        endpoint: { url: url.href, connector: 'huggingface-inference', settings: {}, authorizationSecret },
        payloads: SENTENCES.slice(0, 8).map((inputs) => ({ inputs })),
        what: 'Hugging Face address',
      },
    ]);
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer, undefined, context.asking?.pointers) : answer;
  },
};
