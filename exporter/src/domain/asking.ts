/** A value that is said openly, or the name of a secret that holds it. */
export type AskedValue = { readonly value: string } | { readonly secret: string };

/** Where in a response things are, as JSON pointers (RFC 6901). What is not given is looked for. */
export interface AnswerPointers {
  readonly prediction?: string;
  readonly confidence?: string;
  /** A list of class names, in the order of the probabilities that `confidence` points to. */
  readonly classes?: string;
}

/** How the connection to a model is secured; files are read when it is asked. */
export interface AskingTls {
  /** Certificate authorities to trust instead of the usual ones, PEM. */
  readonly caFile?: string;
  /** The certificate mlfi shows, and its key, PEM. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Any certificate is taken. Told wherever the model is shown. */
  readonly insecureSkipVerify?: boolean;
}

/** How a model is asked besides where: whatever a server wants to be given. Secrets by name, never by value. */
export interface Asking {
  readonly headers?: Readonly<Record<string, AskedValue>>;
  /** Parameters added to the address of every call, e.g. an API key. */
  readonly query?: Readonly<Record<string, AskedValue>>;
  readonly method?: 'POST' | 'PUT';
  readonly pointers?: AnswerPointers;
  readonly tls?: AskingTls;
  /** Where the OpenAPI document is, where it is not beside the model: an address, or a path of the model's server. */
  readonly openapi?: string;
}

/** Members to take over, merged as RFC 7396 says: null removes, what is absent stays. */
type Merged<T> = { readonly [K in keyof T]?: T[K] | null };

/** What changes of how a model is asked. */
export interface AskingChange {
  readonly headers?: Merged<Readonly<Record<string, AskedValue>>> | null;
  readonly query?: Merged<Readonly<Record<string, AskedValue>>> | null;
  readonly method?: 'POST' | 'PUT' | null;
  readonly pointers?: Merged<AnswerPointers> | null;
  readonly tls?: Merged<AskingTls> | null;
  readonly openapi?: string | null;
}

/** Members of `change` over those of `known`; undefined when nothing is left. */
function merged<T extends object>(
  known: T | undefined,
  change: Merged<T> | null | undefined,
  named: (name: string) => string = (name) => name,
): T | undefined {
  if (change === undefined) return known;
  if (change === null) return undefined;
  const given: readonly (readonly [string, unknown])[] = Object.entries(change);
  const changed = new Set(given.map(([name]) => named(name)));
  const entries = [
    ...Object.entries(known ?? {}).filter(([name]) => !changed.has(named(name))),
    ...given.filter(([, value]) => value !== null),
  ];
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as T);
}

/** How a model is asked after a change; undefined for nothing besides where. Header names are compared without case. */
export function changedAsking(known: Asking | undefined, change: AskingChange): Asking | undefined {
  const headers = merged(known?.headers, change.headers, (name) => name.toLowerCase());
  const query = merged(known?.query, change.query);
  const method = change.method === undefined ? known?.method : change.method;
  const openapi = change.openapi === undefined ? known?.openapi : change.openapi;
  const pointers = merged(known?.pointers, change.pointers);
  const tls = merged(known?.tls, change.tls);
  const asking: Asking = {
    ...(headers === undefined ? {} : { headers }),
    ...(query === undefined ? {} : { query }),
    ...(method === undefined || method === null ? {} : { method }),
    ...(pointers === undefined ? {} : { pointers }),
    ...(tls === undefined ? {} : { tls }),
    ...(openapi === undefined || openapi === null ? {} : { openapi }),
  };
  return Object.keys(asking).length === 0 ? undefined : asking;
}
