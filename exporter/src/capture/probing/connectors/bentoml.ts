import { isObject, isList } from '../../../domain/json.js';
import type { JsonObject } from '../../../domain/json.js';
import { askedAmong } from '../path-words.js';
import { payloadsFromSchema, resolveReference } from '../payloads/from-schema.js';
import { described } from '../payloads/unsaid-parts.js';
import { addressBelow, askByPost, basesAbove, getJson, type Candidate, type Connector } from './connector.js';

const MOST_OPERATIONS = 6;
const SERVICE_TAG = 'Service APIs';

/** BentoML: an OpenAPI document at `/docs.json`; the model's own operations are tagged "Service APIs". */
export const bentoml: Connector = {
  id: 'bentoml',
  async describe(context, url, authorizationSecret) {
    for (const base of basesAbove(url)) {
      const document = await getJson(context, `${base}/docs.json`, authorizationSecret);
      if (!isObject(document ?? undefined) || !isObject((document as JsonObject).paths)) continue;
      return candidatesOf(document as JsonObject, base, url, authorizationSecret);
    }
    return [];
  },
  ask: askByPost,
};

const isService = (operation: JsonObject): boolean => !isList(operation.tags) || operation.tags.includes(SERVICE_TAG);

/** Every operation when the address is the server's, else the one it names. */
function candidatesOf(document: JsonObject, base: string, url: URL, authorizationSecret: string | null): Candidate[] {
  const address = `${url.origin}${url.pathname.replace(/\/$/, '')}`;
  const found = Object.entries(document.paths as JsonObject).flatMap(([path, item]) => {
    const operation = isObject(item) && isObject(item.post) ? item.post : null;
    if (operation === null || !isService(operation) || (address !== base && address !== `${base}${path}`)) return [];
    const body = resolveReference(document, operation.requestBody ?? null);
    const content = isObject(body) && isObject(body.content) ? body.content : {};
    // Files come in a form, everything else in JSON.
    const isForm = content['application/json'] === undefined;
    const taken = content[isForm ? 'multipart/form-data' : 'application/json'];
    if (!isObject(taken) || taken.schema === undefined) return [];
    const { schema } = taken;
    const settings = isForm ? { body: 'multipart' } : {};
    const candidate = (): Candidate => ({
      endpoint: { url: addressBelow(base, path), connector: 'bentoml', settings, authorizationSecret },
      payloads: payloadsFromSchema(document, schema),
      ...described('BentoML document', document, schema),
    });
    return [{ path, candidate }];
  });
  return (address === base ? askedAmong(found) : found).slice(0, MOST_OPERATIONS).map(({ candidate }) => candidate());
}
