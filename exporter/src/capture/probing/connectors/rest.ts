import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { IMAGES, imageUrl } from '../payloads/images.js';
import { payloadsFromSchema, resolveReference } from '../payloads/from-schema.js';
import {
  askByPost,
  getJson,
  isRoot,
  rootOf,
  type Candidate,
  type Connector,
  type ConnectorContext,
} from './connector.js';

const LIKELY = /predict|infer|classif|score|analy[sz]e|generate|invocation/i;
/** Whether a path is named like a prediction: `/retrain`, `/orders` and whatever else does something are not. */
export const isNamedLikePrediction = (path: string): boolean => LIKELY.test(path);

/** Any POST endpoint with JSON in and out, described by an OpenAPI document where there is one. */
export const rest: Connector = {
  id: 'rest',
  async describe(context, url, authorizationSecret) {
    for (const mount of await mountsOf(context, url, authorizationSecret)) {
      const document = await getJson(context, `${rootOf(url)}${mount}/openapi.json`, authorizationSecret);
      if (!isObject(document ?? undefined) || !isObject((document as JsonObject).paths)) continue;
      const operations = operationsOf(document as JsonObject, url, mount);
      if (operations.length === 0) continue;
      return operations.map(({ path, connector, payloads }): Candidate => ({
        endpoint: { url: new URL(path, rootOf(url)).href, connector, settings: {}, authorizationSecret },
        payloads,
        what: 'OpenAPI document',
      }));
    }
    return [];
  },
  ask: askByPost,
};

const MOST_MOUNTS = 6;

/**
 * Paths below which an application may be mounted and describe itself: the root, beside the path, the path itself; for a
 * bare root also where Ray Serve's proxy says its applications are (`GET /-/routes`, ray-project/ray).
 */
async function mountsOf(context: ConnectorContext, url: URL, secret: string | null): Promise<readonly string[]> {
  const path = pathOf(url);
  const told = [...new Set(['', path.replace(/\/[^/]*$/, ''), path])];
  if (!isRoot(url)) return told;
  const routes = await getJson(context, `${rootOf(url)}/-/routes`, secret);
  const prefixes = isObject(routes ?? undefined) ? Object.keys(routes as JsonObject) : [];
  return [...told, ...prefixes.filter((prefix) => /^\/[^?#]+$/.test(prefix))].slice(0, MOST_MOUNTS);
}

const pathOf = ({ pathname }: URL): string => pathname.replace(/\/$/, '');

interface Operation {
  readonly path: string;
  readonly connector: 'rest' | 'multipart';
  readonly payloads: readonly Json[];
}

function operationsOf(document: JsonObject, url: URL, mount: string): Operation[] {
  const said = serverPrefix(document);
  const prefix = said === '' ? mount : said;
  const operations = Object.entries(document.paths as JsonObject).flatMap(([path, item]) => {
    const body = isObject(item) && isObject(item.post) ? item.post.requestBody : undefined;
    const asked = isObject(body) ? askedIn(document, resolveReference(document, body)) : null;
    const address = path.includes('{') ? addressIn(url, `${prefix}${path}`) : `${prefix}${path}`;
    return asked === null || address === null ? [] : [{ path: address, ...asked }];
  });
  if (!isRoot(url) && pathOf(url) !== mount)
    return operations.filter(({ path }) => path.replace(/\/$/, '') === pathOf(url));
  // A server may offer `/retrain` or `/shutdown` too: only what is named like a prediction is tried, or a lone operation.
  const likely = operations.filter(({ path }) => isNamedLikePrediction(path));
  return (likely.length === 0 && operations.length === 1 ? operations : likely).slice(0, 3);
}

/** The path of the address where it is one of a template's (`/models/{name}/predict`). */
function addressIn(url: URL, template: string): string | null {
  const parts = template.replace(/\/$/, '').split('/');
  const given = pathOf(url).split('/');
  const fits = parts.length === given.length && parts.every((part, i) => part.includes('{') || part === given[i]);
  return fits ? pathOf(url) : null;
}

function serverPrefix(document: JsonObject): string {
  const [server] = isList(document.servers) ? document.servers : [];
  if (server === undefined || !isObject(server) || typeof server.url !== 'string' || !server.url.startsWith('/'))
    return '';
  return server.url.replace(/\/$/, '');
}

/** What an operation takes: JSON before a form, a form before a file by itself; null for anything else. */
function askedIn(document: JsonObject, body: Json): Omit<Operation, 'path'> | null {
  if (!isObject(body) || !isObject(body.content)) return null;
  const { content } = body;
  const schemaAt = (type: string): Json | null => {
    const media = content[type];
    return isObject(media) ? (media.example !== undefined ? { example: media.example } : (media.schema ?? null)) : null;
  };
  const json = schemaAt('application/json');
  if (json !== null) return { connector: 'rest', payloads: payloadsFromSchema(document, json) };
  // What takes the fields of a form takes them in parts as well (Starlette, Werkzeug).
  const form = schemaAt('multipart/form-data') ?? schemaAt('application/x-www-form-urlencoded');
  if (form !== null) return { connector: 'multipart', payloads: payloadsFromSchema(document, form) };
  const isFile = Object.keys(content).some((type) => /^(image\/|application\/octet-stream)/.test(type));
  return isFile ? { connector: 'rest', payloads: IMAGES.map((_, variant) => imageUrl(variant)) } : null;
}
