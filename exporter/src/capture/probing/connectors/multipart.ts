import { askByPost, type Connector } from './connector.js';

/**
 * Forms with files (`multipart/form-data`), as image services take them: each field a part, a `data:` address with base64 the file it
 * is. An OpenAPI document says which (`rest.ts`); a server that asks for a file without one is asked with the usual names (`asked-for.ts`).
 */
export const multipart: Connector = {
  id: 'multipart',
  describe: () => Promise.resolve([]),
  ask: askByPost,
};
