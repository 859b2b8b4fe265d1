import { z } from 'zod';
import type { AskedValue, Asking, AskingChange } from './asking.js';

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Visible characters, spaces and what is beyond ASCII: nothing that ends a header. */
const HEADER_VALUE = /^[^\u0000-\u001f\u007f-\u009f]*$/;
const pointer = z
  .string()
  .max(500)
  .regex(/^(\/.*)?$/, 'must be a JSON pointer such as /predictions/0/label');
const file = z.string().min(1).max(4_096);
const headerValue = z.string().max(8_192).regex(HEADER_VALUE, 'must be one line');
const secretName = z.strictObject({ secret: z.string().regex(/^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/) });

/** Where in the response things are. */
const answer = z.strictObject({
  prediction: pointer.optional(),
  confidence: pointer.optional(),
  classes: pointer.optional(),
});
const tls = z.strictObject({
  ca_file: file.optional(),
  cert_file: file.optional(),
  key_file: file.optional(),
  insecure_skip_verify: z.boolean().optional(),
});
/** An address, or a path of the model's own server. */
export const openapiAddress = z
  .string()
  .max(2_000)
  .regex(
    /^(https?:\/\/[^/]|\/(?!\/))[^\s\\]*$/,
    'must be an http address, or a path of the model’s server such as /docs/openapi.json',
  );
const shared = {
  method: z.enum(['POST', 'PUT']).optional(),
  answer: answer.optional(),
  tls: tls.optional(),
  openapi: openapiAddress.optional(),
};
const named = <T extends z.ZodType>(value: T) => z.record(z.string().regex(HEADER_NAME), value).optional();

/** How to ask, as the configuration file says it: a value is written out, or named as `{secret: name}`. */
export const askingSettings = {
  headers: named(z.union([headerValue, secretName])),
  query: named(z.union([headerValue, secretName])),
  ...shared,
};
/** The same in a request: without secrets, which belong to the configuration and not to whoever may call. */
export const askingBody = { headers: named(headerValue), query: named(headerValue), ...shared };

/** A change of it in a request: null removes. */
export const askingChangeBody = {
  headers: named(headerValue.nullable()).nullable(),
  query: named(headerValue.nullable()).nullable(),
  method: z.enum(['POST', 'PUT']).nullable().optional(),
  openapi: openapiAddress.nullable().optional(),
  answer: z
    .strictObject({
      prediction: pointer.nullable().optional(),
      confidence: pointer.nullable().optional(),
      classes: pointer.nullable().optional(),
    })
    .nullable()
    .optional(),
  tls: z
    .strictObject({
      ca_file: file.nullable().optional(),
      cert_file: file.nullable().optional(),
      key_file: file.nullable().optional(),
      insecure_skip_verify: z.boolean().nullable().optional(),
    })
    .nullable()
    .optional(),
};

type Written = z.output<z.ZodObject<typeof askingSettings>>;

const values = (written: Readonly<Record<string, string | { readonly secret: string }>>): Record<string, AskedValue> =>
  Object.fromEntries(
    Object.entries(written).map(([name, value]) => [name, typeof value === 'string' ? { value } : value]),
  );

type ValueChange = Readonly<Record<string, string | null>>;
const valueChanges = (written: ValueChange): Record<string, AskedValue | null> =>
  Object.fromEntries(Object.entries(written).map(([name, value]) => [name, value === null ? null : { value }]));

type Given<T> = Exclude<T, null | undefined>;
type WrittenChange = z.output<z.ZodObject<typeof askingChangeBody>>;

const pointersChange = (at: Given<WrittenChange['answer']>): Given<AskingChange['pointers']> => ({
  ...(at.prediction === undefined ? {} : { prediction: at.prediction }),
  ...(at.confidence === undefined ? {} : { confidence: at.confidence }),
  ...(at.classes === undefined ? {} : { classes: at.classes }),
});

const tlsChange = (secured: Given<WrittenChange['tls']>): Given<AskingChange['tls']> => ({
  ...(secured.ca_file === undefined ? {} : { caFile: secured.ca_file }),
  ...(secured.cert_file === undefined ? {} : { certFile: secured.cert_file }),
  ...(secured.key_file === undefined ? {} : { keyFile: secured.key_file }),
  ...(secured.insecure_skip_verify === undefined ? {} : { insecureSkipVerify: secured.insecure_skip_verify }),
});

/** @returns undefined when nothing changes */
export function askingChangeOf({
  headers,
  query,
  method,
  answer: at,
  tls: secured,
  openapi: description,
}: WrittenChange): AskingChange | undefined {
  const change: AskingChange = {
    ...(headers === undefined ? {} : { headers: headers === null ? null : valueChanges(headers) }),
    ...(query === undefined ? {} : { query: query === null ? null : valueChanges(query) }),
    ...(method === undefined ? {} : { method }),
    ...(at === undefined ? {} : { pointers: at === null ? null : pointersChange(at) }),
    ...(secured === undefined ? {} : { tls: secured === null ? null : tlsChange(secured) }),
    ...(description === undefined ? {} : { openapi: description }),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

/** @returns undefined when nothing is said */
export function askingOf({
  headers,
  query,
  method,
  answer: at,
  tls: secured,
  openapi: description,
}: Written): Asking | undefined {
  const asking: Asking = {
    ...(headers === undefined ? {} : { headers: values(headers) }),
    ...(query === undefined ? {} : { query: values(query) }),
    ...(method === undefined ? {} : { method }),
    ...(at === undefined
      ? {}
      : {
          pointers: {
            ...(at.prediction === undefined ? {} : { prediction: at.prediction }),
            ...(at.confidence === undefined ? {} : { confidence: at.confidence }),
            ...(at.classes === undefined ? {} : { classes: at.classes }),
          },
        }),
    ...(secured === undefined
      ? {}
      : {
          tls: {
            ...(secured.ca_file === undefined ? {} : { caFile: secured.ca_file }),
            ...(secured.cert_file === undefined ? {} : { certFile: secured.cert_file }),
            ...(secured.key_file === undefined ? {} : { keyFile: secured.key_file }),
            ...(secured.insecure_skip_verify === undefined ? {} : { insecureSkipVerify: secured.insecure_skip_verify }),
          },
        }),
    ...(description === undefined ? {} : { openapi: description }),
  };
  return Object.keys(asking).length === 0 ? undefined : asking;
}
