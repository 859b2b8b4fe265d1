import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, isRoot, type Connector } from './connector.js';

/** A Hugging Face Space that serves its own `POST /predict` (a Space with Gradio is found by the gradio connector). */
export const huggingfaceSpace: Connector = {
  id: 'huggingface-space',
  describe(_context, url, authorizationSecret) {
    if (!url.hostname.endsWith('.hf.space')) return Promise.resolve([]);
    const address = isRoot(url) ? new URL('/predict', url).href : url.href;
    return Promise.resolve([
      {
        endpoint: { url: address, connector: 'huggingface-space', settings: {}, authorizationSecret },
        payloads: SENTENCES.slice(0, 8).map((text) => ({ text })),
        what: 'Hugging Face Space address',
      },
    ]);
  },
  ask: askByPost,
};
