import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { modelAnswer } from '../answers/read-answer.js';
import { payloadsFromSchema, resolveReference } from '../payloads/from-schema.js';
import { getJson, isHttpAnswer, isRoot, post, rootOf, type Candidate, type Connector } from './connector.js';

const SERVICE_TAG = 'Service APIs';

/** BentoML: an OpenAPI document at `/docs.json`; the model's own operations are tagged "Service APIs". */
export const bentoml: Connector = {
  id: 'bentoml',
  async describe(context, url, authorizationSecret) {
    const document = await getJson(context, `${rootOf(url)}/docs.json`, authorizationSecret);
    if (!isObject(document ?? undefined) || !isObject((document as JsonObject).paths)) return [];
    return Object.entries((document as JsonObject).paths as JsonObject).flatMap(([path, item]): Candidate[] => {
      const operation = isObject(item) && isObject(item.post) ? item.post : null;
      if (operation === null || !isService(operation) || (!isRoot(url) && path !== url.pathname)) return [];
      const body = resolveReference(document as JsonObject, operation.requestBody ?? null);
      const content = isObject(body) && isObject(body.content) ? body.content['application/json'] : undefined;
      if (!isObject(content) || content.schema === undefined) return [];
      return [
        {
          endpoint: { url: `${rootOf(url)}${path}`, connector: 'bentoml', settings: {}, authorizationSecret },
          payloads: payloadsFromSchema(document as JsonObject, content.schema),
          what: 'BentoML document',
        },
      ];
    });
  },
  async ask(context, endpoint, payload) {
    const answer = await post(context, endpoint, endpoint.url, payload);
    return isHttpAnswer(answer) ? modelAnswer(answer, undefined, context.asking?.pointers) : answer;
  },
};

const isService = (operation: JsonObject): boolean =>
  !Array.isArray(operation.tags) || (operation.tags as readonly Json[]).includes(SERVICE_TAG);
