import { Document, isCollection, stringify, visit } from 'yaml';
import { resolve } from 'node:path';
import type { AnswerPointers, AskingTls } from '../domain/asking.js';
import type { ConnectorId } from '../domain/model.js';
import type { Json } from '../domain/json.js';

/** A value that is sent to the model and stands in no configuration file. */
export interface KeptSecret {
  /** What it is called under `secrets`. */
  readonly name: string;
  readonly value: string;
  /** `named`: a file or variable that whoever calls keeps; `new`: a file that is made for it. */
  readonly from:
    | { readonly kind: 'named-file'; readonly path: string }
    | { readonly kind: 'variable'; readonly variable: string }
    | { readonly kind: 'new-file'; readonly path: string };
}

/** A model as the file says it. */
export interface ModelLines {
  readonly id: string;
  readonly url: string;
  readonly connector?: ConnectorId;
  readonly payloads?: readonly Json[];
  readonly method?: 'POST' | 'PUT';
  readonly openapi?: string;
  readonly answer?: AnswerPointers;
  readonly tls?: TlsLines;
  readonly headers?: Readonly<Record<string, { readonly secret: string }>>;
  readonly query?: Readonly<Record<string, { readonly secret: string }>>;
}

interface TlsLines {
  readonly ca_file?: string;
  readonly cert_file?: string;
  readonly key_file?: string;
  readonly insecure_skip_verify?: true;
}

/** Files are named as they can be found from wherever the configuration is read. */
export const tlsLines = ({ caFile, certFile, keyFile, insecureSkipVerify }: AskingTls): TlsLines => ({
  ...(caFile === undefined ? {} : { ca_file: resolve(caFile) }),
  ...(certFile === undefined ? {} : { cert_file: resolve(certFile) }),
  ...(keyFile === undefined ? {} : { key_file: resolve(keyFile) }),
  ...(insecureSkipVerify === true ? { insecure_skip_verify: true } : {}),
});

/** What `mlfi init` knows when it writes. */
export interface InitFile {
  readonly model: ModelLines;
  readonly secrets: readonly KeptSecret[];
  readonly isPrivate: boolean;
}

/** Collections within so many others stand on one line: a payload, a header, a list of hosts. */
const INLINE_FROM = 3;

/** Switched on by taking off the `#`; the rest of what there is, `mlfi init --all` shows. */
const OFTEN_ADDED = `
# Often added; take off the # and put in your own. mlfi init --all --output all.yml writes every key there is.
#data_dir: /var/lib/mlfi                 # where the store is; here it is ./mlfi-data
#listen: { address: 0.0.0.0 }            # to be reached from other machines
#paging: { season: none }                # traffic without day and night: a shift alerts at once, not from the third day on
#identity: { local_people: [{ login: ada, name: Ada Lovelace, token_file: ada.token }] }   # who may approve a repair
#governance: { webhooks: [{ name: ci, url: "https://ci.example.org/mlfi", actions: [rollback] }] }   # what carries it out
`;

/** The file to ask the model by, which is never written: secrets stand in it. */
export function fileToTry(file: InitFile): string {
  const secrets = Object.fromEntries(file.secrets.map(({ name, value }) => [name, { value }]));
  return stringify(settingsOf(file, secrets), { lineWidth: 0 });
}

/** The file as it is written: at most 40 lines, and no secret in it. `found` is what was learnt of the model, in words. */
export function fileToWrite(file: InitFile, found: string): string {
  const { model, secrets, isPrivate } = file;
  const named = secrets.flatMap(({ name, from }) =>
    from.kind === 'variable' ? [] : [[name, { value_file: from.path }] as const],
  );
  const comments = [
    `# Written by mlfi init. ${model.id} ${found}.`,
    ...secrets.flatMap(({ name, from }) =>
      from.kind === 'variable' ? [`# The secret ${name} comes from the variable ${from.variable}.`] : [],
    ),
    ...(isPrivate ? ['# Its address is private or this machine, so calling it is allowed here.'] : []),
  ];
  // What a model takes may be long: one line, as it would be sent.
  const settings = settingsOf(file, Object.fromEntries(named));
  return `${comments.join('\n')}\n${blockOf(settings)}${OFTEN_ADDED}`;
}

function settingsOf({ model, isPrivate }: InitFile, secrets: Readonly<Record<string, object>>): object {
  return {
    models: [model],
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    ...(isPrivate ? { egress: allowing(model.url) } : {}),
  };
}

/** YAML with what lies deep in it on one line each. */
function blockOf(settings: object): string {
  const document = new Document(settings);
  visit(document, {
    Collection(_, node, path) {
      if (path.filter(isCollection).length >= INLINE_FROM) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

/** The one host of an address; an IPv6 address is no name, so it is a range of one. */
function allowing(url: string): Readonly<Record<string, readonly string[]>> {
  const { hostname } = new URL(url);
  return hostname.startsWith('[') ? { allow_cidrs: [`${hostname.slice(1, -1)}/128`] } : { allow_hosts: [hostname] };
}
