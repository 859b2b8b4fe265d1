import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { endpointAt } from '../../../domain/how-to-ask.js';
import { IMAGES, imageUrl } from '../payloads/images.js';
import { askedAmong } from '../path-words.js';
import { payloadsFromSchema, resolveReference } from '../payloads/from-schema.js';
import { described } from '../payloads/unsaid-parts.js';
import {
  addressBelow,
  askByPost,
  getJson,
  isRoot,
  rootOf,
  type Candidate,
  type Connector,
  type ConnectorContext,
} from './connector.js';

const DOCUMENT = 'OpenAPI document';

/** Any POST endpoint with JSON in and out, described by an OpenAPI document where there is one. */
export const rest: Connector = {
  id: 'rest',
  async describe(context, url, authorizationSecret) {
    if (context.asking?.openapi !== undefined)
      return candidatesOfGiven(context, url, context.asking.openapi, authorizationSecret);
    for (const mount of await mountsOf(context, url, authorizationSecret)) {
      const document = await getJson(context, `${rootOf(url)}${mount}/openapi.json`, authorizationSecret);
      if (!isDescription(document)) continue;
      const candidates = operationsOf(document, url, mount).map(({ path, asked }) =>
        candidateAt(addressBelow(rootOf(url), path), asked(), authorizationSecret),
      );
      if (candidates.length > 0) return candidates;
    }
    return [];
  },
  ask: askByPost,
};

/**
 * What the document at the root of a server says of an address: one call, to a server that may be too busy for more.
 * @returns null where there is none, or it names no operation at this address
 */
export async function describedAtRoot(
  context: ConnectorContext,
  url: URL,
  secret: string | null,
): Promise<Candidate | null> {
  const document = isRoot(url) ? null : await getJson(context, `${rootOf(url)}/openapi.json`, secret);
  if (!isDescription(document)) return null;
  const here = operationsOf(document, url, '').find(({ path }) => path.replace(/\/$/, '') === pathOf(url));
  const candidate = here === undefined ? null : candidateAt(url.href, here.asked(), secret);
  return candidate === null || candidate.payloads.length === 0 ? null : candidate;
}

type Description = JsonObject & { readonly paths: JsonObject };
const isDescription = (document: Json | null): document is Description =>
  document !== null && isObject(document) && isObject(document.paths);

/** A document whose address was given, and which does not say how the model is asked; the message is for whoever gave it. */
export class NoDescription extends Error {}

/**
 * What the document whose address somebody gave says of this one: the operation at its path, below whatever prefix a proxy puts
 * before it, or the only one there is. Credentials of the model's server go to no other.
 * @throws NoDescription
 */
async function candidatesOfGiven(
  context: ConnectorContext,
  url: URL,
  address: string,
  secret: string | null,
): Promise<readonly Candidate[]> {
  const { href } = new URL(address, url);
  const { asking = {} } = context;
  const asked = { url: url.href, connector: 'rest', settings: {}, authorizationSecret: secret, asking } as const;
  const there = endpointAt(asked, href);
  const document = await getJson({ ...context, asking: there.asking ?? {} }, href, there.authorizationSecret);
  const shown = href.replace(/[?#].*$/s, '');
  if (!isDescription(document)) throw new NoDescription(`there is no OpenAPI document in JSON at ${shown}`);
  if (isRoot(url))
    return operationsOf(document, url, '').map(({ path, asked }) =>
      candidateAt(addressBelow(rootOf(url), path), asked(), secret),
    );
  const all = operationsIn(document, url, '');
  const here = all.filter(({ path }) => pathOf(url).endsWith(path.replace(/\/$/, '')));
  const meant = here.length === 0 && all.length === 1 ? all : here;
  if (meant.length === 0)
    throw new NoDescription(
      `the OpenAPI document at ${shown} describes nothing that is sent by POST to ${url.pathname}`,
    );
  return meant.slice(0, MOST_OPERATIONS).map(({ asked }) => candidateAt(url.href, asked(), secret));
}

const candidateAt = (
  url: string,
  { connector, payloads, what, isGuess }: Asked,
  authorizationSecret: string | null,
): Candidate => ({ endpoint: { url, connector, settings: {}, authorizationSecret }, payloads, what, isGuess });

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

interface Asked {
  readonly connector: 'rest' | 'multipart';
  readonly payloads: readonly Json[];
  readonly what: string;
  readonly isGuess: boolean;
}

interface Operation {
  readonly path: string;
  /** Made only for what is asked: a document may describe thousands. */
  readonly asked: () => Asked;
}
const MOST_OPERATIONS = 3;

function operationsIn(document: Description, url: URL, prefix: string): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]): Operation[] => {
    const body = isObject(item) && isObject(item.post) ? item.post.requestBody : undefined;
    const asked = isObject(body) ? askedIn(document, resolveReference(document, body)) : null;
    const address = path.includes('{') ? addressIn(url, `${prefix}${path}`) : `${prefix}${path}`;
    return asked === null || address === null ? [] : [{ path: address, asked }];
  });
}

function operationsOf(document: Description, url: URL, mount: string): readonly Operation[] {
  const said = serverPrefix(document);
  const operations = operationsIn(document, url, said === '' ? mount : said);
  if (!isRoot(url) && pathOf(url) !== mount)
    return operations.filter(({ path }) => path.replace(/\/$/, '') === pathOf(url)).slice(0, MOST_OPERATIONS);
  return askedAmong(operations);
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
function askedIn(document: JsonObject, body: Json): (() => Asked) | null {
  if (!isObject(body) || !isObject(body.content)) return null;
  const { content } = body;
  const schemaAt = (type: string): Json | null => {
    const media = content[type];
    return isObject(media) ? (media.example !== undefined ? { example: media.example } : (media.schema ?? null)) : null;
  };
  const by = (connector: Asked['connector'], schema: Json) => (): Asked => ({
    connector,
    payloads: payloadsFromSchema(document, schema),
    ...described(DOCUMENT, document, schema),
  });
  const json = schemaAt('application/json');
  if (json !== null) return by('rest', json);
  // What takes the fields of a form takes them in parts as well (Starlette, Werkzeug).
  const form = schemaAt('multipart/form-data') ?? schemaAt('application/x-www-form-urlencoded');
  if (form !== null) return by('multipart', form);
  const isFile = Object.keys(content).some((type) => /^(image\/|application\/octet-stream)/.test(type));
  if (!isFile) return null;
  return () => ({
    connector: 'rest',
    payloads: IMAGES.map((_, variant) => imageUrl(variant)),
    what: DOCUMENT,
    isGuess: false,
  });
}
