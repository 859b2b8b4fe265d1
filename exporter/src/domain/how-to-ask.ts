import type { Json } from './json.js';
import type { Endpoint, Model } from './model.js';

/** How a model is asked, and with what. */
export type HowToAsk = Pick<Model, 'endpoint' | 'probePayloads' | 'arePayloadsGuessed' | 'goldenInputs'>;

/**
 * Whether a model is still asked the way it was when a search for another way began. By identity: whoever changed it
 * meanwhile, be it back again, decided something that the search knows nothing of.
 */
export const isAskedAs = (now: Model, begun: Model): boolean =>
  now.endpoint === begun.endpoint && now.probePayloads === begun.probePayloads;

/**
 * The model asked the way that a search found; all else, and golden inputs that were changed meanwhile, stay.
 * @param begun the model as it was when the search began
 * @returns null when it is asked otherwise by now: what was found is about another way
 */
export function askedAnew(now: Model, begun: Model, found: HowToAsk): Model | null {
  if (!isAskedAs(now, begun)) return null;
  const areGoldenSame = JSON.stringify(now.goldenInputs) === JSON.stringify(begun.goldenInputs);
  return { ...now, ...found, goldenInputs: areGoldenSame ? found.goldenInputs : now.goldenInputs };
}

/** What a model that never answered is asked meanwhile, once a cycle. */
export const UNANSWERED_PAYLOADS: readonly Json[] = [{ text: 'The service was quick and the staff were friendly.' }];

/** Whether a model is asked only that: how it wants to be asked is still to be found out, also once it answers. */
export const isAskedAnything = ({ probePayloads, arePayloadsGuessed }: Model): boolean =>
  arePayloadsGuessed && JSON.stringify(probePayloads) === JSON.stringify(UNANSWERED_PAYLOADS);

/** Whether two addresses are of one server: what was given for one may be sent to the other. */
export const isSameServer = (url: string, other: string): boolean =>
  URL.canParse(url) && URL.canParse(other) && new URL(url).origin === new URL(other).origin;

/**
 * What is asked as this endpoint at another address. What was given for its server goes to no other: whoever may name an
 * address must not choose where a secret, a header, a parameter or a client certificate is sent.
 */
export function endpointAt(endpoint: Endpoint, url: string): Endpoint {
  if (isSameServer(endpoint.url, url)) return { ...endpoint, url };
  const { connector, settings } = endpoint;
  const open = without(endpoint.asking ?? {}, 'headers', 'query', 'tls');
  const trust = without(endpoint.asking?.tls ?? {}, 'certFile', 'keyFile');
  const asking = { ...open, ...(Object.keys(trust).length === 0 ? {} : { tls: trust }) };
  return {
    url,
    connector,
    settings,
    authorizationSecret: null,
    ...(Object.keys(asking).length === 0 ? {} : { asking }),
  };
}

function without<T extends object, K extends keyof T>(value: T, ...fields: readonly K[]): Omit<T, K> {
  const rest: Omit<T, K> = { ...value };
  for (const field of fields) Reflect.deleteProperty(rest, field);
  return rest;
}
