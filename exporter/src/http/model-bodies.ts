import { z } from 'zod';
import { changedAsking } from '../domain/asking.js';
import { askingBody, askingChangeBody, askingChangeOf, askingOf } from '../domain/asking-schema.js';
import type { DiscoveryTarget } from '../domain/discovery.js';
import { CONNECTOR_IDS, type ProbeSchedule } from '../domain/model.js';
import type { ModelChange, ModelRegistration } from '../domain/model-registration.js';
import { httpUrl, label, modelIdSchema } from './parameters.js';
import { anyJson } from './views/estimates.js';

const schedule = {
  interval_seconds: z.number().min(0.1).max(604_800).optional(),
  timeout_seconds: z.number().min(0.01).max(300).optional(),
  jitter: z.number().min(0).max(1).optional(),
  concurrency: z.int().min(1).max(64).optional(),
  probes_per_cycle: z.int().min(0).max(1_000).optional(),
  calls_per_hour: z.int().min(1).max(1_000_000).nullable().optional(),
};
/** What a model takes. */
export const payloads = z.array(anyJson).min(1).max(100).optional();
const goldenInputs = z.array(anyJson).min(1).max(50);
const tags = z.array(label(0, 60)).max(20).optional();

export const registrationBody = z
  .strictObject({
    id: modelIdSchema.optional(),
    name: label(1, 120).optional(),
    url: httpUrl.optional(),
    connector: z.enum(CONNECTOR_IDS).optional(),
    payloads,
    golden_inputs: goldenInputs.optional(),
    version: label(0, 100).optional(),
    owner: label(0, 120).optional(),
    tags,
    ...schedule,
    ...askingBody,
  })
  .meta({ id: 'ModelRegistration' });

export const changeBody = z
  .strictObject({
    name: label(1, 120).optional(),
    url: httpUrl.optional(),
    connector: z.enum(CONNECTOR_IDS).optional(),
    payloads,
    golden_inputs: goldenInputs.nullable().optional(),
    version: label(0, 100).nullable().optional(),
    owner: label(0, 120).nullable().optional(),
    tags,
    ...schedule,
    ...askingChangeBody,
  })
  .refine((body) => Object.keys(body).length > 0, 'must change something')
  .meta({ id: 'ModelChange' });

/** How a URL is asked, for one call that finds out. */
export const discoveryBody = z.strictObject({
  url: httpUrl,
  connector: z.enum(CONNECTOR_IDS).optional(),
  payloads,
  ...askingBody,
});

export const targetOf = (body: z.output<typeof discoveryBody>): DiscoveryTarget => {
  const asking = askingOf(body);
  return {
    url: body.url,
    authorizationSecret: null,
    ...(body.connector === undefined ? {} : { connector: body.connector }),
    ...(body.payloads === undefined ? {} : { payloads: body.payloads }),
    ...(asking === undefined ? {} : { asking }),
  };
};

function scheduleOf(body: Pick<z.output<typeof registrationBody>, keyof typeof schedule>): Partial<ProbeSchedule> {
  return {
    ...(body.interval_seconds === undefined ? {} : { intervalMs: body.interval_seconds * 1_000 }),
    ...(body.timeout_seconds === undefined ? {} : { timeoutMs: body.timeout_seconds * 1_000 }),
    ...(body.jitter === undefined ? {} : { jitterShare: body.jitter }),
    ...(body.concurrency === undefined ? {} : { concurrency: body.concurrency }),
    ...(body.probes_per_cycle === undefined ? {} : { probesPerCycle: body.probes_per_cycle }),
    ...(body.calls_per_hour === undefined ? {} : { callsPerHour: body.calls_per_hour }),
  };
}

/** Leaves out what was not given, as optional properties want it. */
export function registrationOf(body: z.output<typeof registrationBody>): ModelRegistration {
  const asking = askingOf(body);
  return {
    ...(body.id === undefined ? {} : { id: body.id }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.url === undefined ? {} : { url: body.url }),
    ...(body.connector === undefined ? {} : { connector: body.connector }),
    ...(body.payloads === undefined ? {} : { payloads: body.payloads }),
    ...(body.golden_inputs === undefined ? {} : { goldenInputs: body.golden_inputs }),
    ...(body.version === undefined ? {} : { versionLabel: body.version }),
    ...(body.owner === undefined ? {} : { owner: body.owner }),
    ...(body.tags === undefined ? {} : { tags: body.tags }),
    schedule: scheduleOf(body),
    ...(asking === undefined ? {} : { asking }),
  };
}

export function changeOf(body: z.output<typeof changeBody>): ModelChange {
  const asking = askingChangeOf(body);
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.url === undefined ? {} : { url: body.url }),
    ...(body.connector === undefined ? {} : { connector: body.connector }),
    ...(body.payloads === undefined ? {} : { payloads: body.payloads }),
    ...(body.golden_inputs === undefined ? {} : { goldenInputs: body.golden_inputs }),
    ...(body.version === undefined ? {} : { versionLabel: body.version }),
    ...(body.owner === undefined ? {} : { owner: body.owner }),
    ...(body.tags === undefined ? {} : { tags: body.tags }),
    ...(Object.keys(scheduleOf(body)).length === 0 ? {} : { schedule: scheduleOf(body) }),
    ...(asking === undefined ? {} : { asking: (known) => changedAsking(known, asking) }),
  };
}
