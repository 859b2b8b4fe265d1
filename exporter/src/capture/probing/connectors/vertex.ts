import type { Json } from '../../../domain/json.js';
import { IMAGES } from '../payloads/images.js';
import { guessedRows } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, type Connector } from './connector.js';

const PATH =
  /\/projects\/[^/]+\/locations\/[^/]+\/(endpoints|publishers\/[^/]+\/models)\/[^/:]+:(predict|rawPredict)\/?$/;

/** Vertex AI online prediction (googleapis `aiplatform/v1/prediction_service.proto`): `{"instances": […]}` with a bearer token. */
export const vertex: Connector = {
  id: 'vertex',
  describe(_context, url, authorizationSecret) {
    if (!PATH.test(url.pathname.replace(/%3a/gi, ':'))) return Promise.resolve([]);
    const endpoint = { url: url.href, connector: 'vertex', settings: {}, authorizationSecret } as const;
    return Promise.resolve([
      {
        endpoint,
        payloads: guessedRows().map((row): Json => ({ instances: [row] })),
        what: 'Vertex AI path, rows of numbers',
        isGuess: true,
      },
      {
        endpoint,
        payloads: SENTENCES.slice(0, 8).map((content): Json => ({ instances: [{ content }] })),
        what: 'Vertex AI path, text',
        isGuess: true,
      },
      {
        endpoint,
        payloads: IMAGES.map((content): Json => ({ instances: [{ content }] })),
        what: 'Vertex AI path, image',
      },
    ]);
  },
  ask: askByPost,
};
