import type { Json } from '../../../domain/json.js';
import { imageUrl } from '../payloads/images.js';
import { askByPost, type Candidate, type Connector } from './connector.js';

/**
 * Forms with files (`multipart/form-data`), as image services take them: each field a part, a `data:` address with base64 the file it
 * is. An OpenAPI document says which (`rest.ts`); a server that asks for a file without one is asked with the usual names.
 */
export const multipart: Connector = {
  id: 'multipart',
  describe: () => Promise.resolve([]),
  ask: askByPost,
};

const USUAL_NAMES = ['file', 'image', 'data'];

/** What a server that says it wants a file or an image is asked with. */
export const usualForms = (url: string, authorizationSecret: string | null): readonly Candidate[] =>
  USUAL_NAMES.map((name) => ({
    endpoint: { url, connector: 'multipart', settings: {}, authorizationSecret },
    payloads: [0, 1, 2].map((variant): Json => ({ [name]: imageUrl(variant) })),
    what: `form with an image as ${name}`,
    isGuess: true,
  }));

export const asksForFile = (words: string): boolean => /multipart|form-data|\bfiles?\b|\bimages?\b/i.test(words);
