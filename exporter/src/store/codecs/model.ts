import { z } from 'zod';
import { codec, inRow } from '../../domain/codec.js';
import { CONNECTOR_IDS, MODEL_STATES, type Model } from '../../domain/model.js';
import { ids, json, jsonObject } from './fields.js';

const asked = z.record(z.string(), z.union([z.object({ value: z.string() }), z.object({ secret: z.string() })]));
const asking = z.object({
  headers: asked.exactOptional(),
  query: asked.exactOptional(),
  method: z.enum(['POST', 'PUT']).exactOptional(),
  pointers: z
    .object({
      prediction: z.string().exactOptional(),
      confidence: z.string().exactOptional(),
      classes: z.string().exactOptional(),
    })
    .exactOptional(),
  tls: z
    .object({
      caFile: z.string().exactOptional(),
      certFile: z.string().exactOptional(),
      keyFile: z.string().exactOptional(),
      insecureSkipVerify: z.boolean().exactOptional(),
    })
    .exactOptional(),
  openapi: z.string().exactOptional(),
});

const stored = z.object({
  id: ids.model,
  name: z.string(),
  endpoint: z
    .object({
      url: z.string(),
      connector: z.enum(CONNECTOR_IDS),
      settings: jsonObject,
      authorizationSecret: z.string().nullable(),
      asking: asking.exactOptional(),
    })
    .nullable(),
  versionLabel: z.string().nullable(),
  owner: z.string().nullable(),
  tags: z.array(z.string()),
  goldenInputs: z.array(z.object({ id: z.string(), payload: json, origin: z.enum(['user', 'generated']) })),
  probePayloads: z.array(json),
  arePayloadsGuessed: z.boolean().optional(),
  schedule: z.object({
    intervalMs: z.number(),
    jitterShare: z.number(),
    concurrency: z.number(),
    timeoutMs: z.number(),
    probesPerCycle: z.number(),
    callsPerHour: z.number().nullable(),
  }),
  state: z.enum(MODEL_STATES),
  paused: z.boolean(),
  createdAtMs: z.number(),
});

/** Up to 0.1.0 nothing was kept of who said what a model takes. */
const model: z.ZodType<Model> = stored.transform(({ arePayloadsGuessed, ...known }) => ({
  ...known,
  arePayloadsGuessed: arePayloadsGuessed ?? known.state === 'configuring',
}));

export const modelCodec = inRow(codec('model', model), ({ id }) => ({ id }));
