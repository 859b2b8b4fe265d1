import { changeModel } from './change-model.js';
import { modelOf, targetOf } from './models.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { ModelChange, ModelRegistration } from '../domain/model-registration.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Json } from '../domain/json.js';
import type { GoldenInput, Model, ProbeSchedule } from '../domain/model.js';
import type { Failure } from '../domain/observation.js';
import type { Clock, Logger } from '../domain/ports.js';
import { askedAnew } from '../domain/how-to-ask.js';
import { setupProblemOf } from '../domain/setup-problem.js';
import type { Fleet } from '../monitoring/fleet.js';

export interface RegistrationPorts {
  readonly fleet: Fleet;
  readonly discover: (target: DiscoveryTarget) => Promise<Discovery>;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
  readonly schedule: ProbeSchedule;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type NamedRegistration = ModelRegistration & { readonly id: ModelId };

/** The part of a registration that says how the model is asked. */
export function askingChange(registration: ModelRegistration): ModelChange {
  const { url, connector, payloads, goldenInputs, authorizationSecret, asking } = registration;
  return {
    url: url ?? null,
    ...(connector === undefined ? {} : { connector }),
    ...(payloads === undefined ? {} : { payloads }),
    goldenInputs: goldenInputs ?? null,
    authorizationSecret: authorizationSecret ?? null,
    asking: () => asking,
  };
}

/** The part of a registration that is only said of the model, and how often it is asked. */
export const toldChange = (registration: ModelRegistration, schedule: ProbeSchedule): ModelChange => ({
  ...(registration.name === undefined ? {} : { name: registration.name }),
  ...(registration.versionLabel === undefined ? {} : { versionLabel: registration.versionLabel }),
  owner: registration.owner ?? null,
  tags: registration.tags ?? [],
  schedule: { ...schedule, ...registration.schedule },
});

/**
 * Takes over what a registration says anew of a model that is watched, whether it answers to that or not.
 * @returns whether it is taken over; when not, the log says why. Never rejects
 */
export async function changeRegistered(ports: RegistrationPorts, id: ModelId, change: ModelChange): Promise<boolean> {
  try {
    let failure: Failure | null = null;
    await changeModel(ports, id, change, (_, refused) => (failure = refused.failure));
    if (failure !== null) ports.fleet.noteSetup(id, setupProblemOf(failure));
    return true;
  } catch (error) {
    ports.logger.error(
      { model: id, error: String(error) },
      'what the model is to be from now on could not be taken over',
    );
    return false;
  }
}

/** What became of a registration. */
export interface Registered {
  /** False when the model came to be watched from elsewhere just before: it stays as it is. */
  readonly isTaken: boolean;
  /** Resolves when the model was asked how it wants to be probed: to whether it is now what the registration says. Never rejects. */
  readonly settled: Promise<boolean>;
}

/**
 * Watches a model at once, so that its logged predictions are taken, and probes it as soon as it is known how. One that is
 * watched already takes over what the registration says and keeps its state.
 * @returns when it is watched
 */
export async function registerModel(ports: RegistrationPorts, registration: NamedRegistration): Promise<Registered> {
  const { fleet, chooseGoldenInputs, schedule, clock } = ports;
  const { id, payloads, connector } = registration;
  if (fleet.has(id)) {
    const change = { ...askingChange(registration), ...toldChange(registration, schedule) };
    return { isTaken: true, settled: changeRegistered(ports, id, change) };
  }
  const model = modelOf(id, registration, null, chooseGoldenInputs, schedule, clock.now());
  if (!(await fleet.addIfNew(model))) return { isTaken: false, settled: Promise.resolve(false) };
  const target = targetOf(registration);
  const isKnown = target === null || (payloads !== undefined && connector !== undefined);
  return { isTaken: true, settled: isKnown ? Promise.resolve(true) : discovered(ports, registration, model, target) };
}

/** Asks a model that was registered how it wants to be probed, and has it probed like that. */
async function discovered(
  { fleet, discover, chooseGoldenInputs, schedule, clock, logger }: RegistrationPorts,
  registration: NamedRegistration,
  begun: Model,
  target: DiscoveryTarget,
): Promise<boolean> {
  const { id } = begun;
  try {
    const discovery = await fleet.whileAsked(id, () => discover(target));
    if (discovery.kind === 'not-found') fleet.noteSetup(id, setupProblemOf(discovery.failure));
    const found = modelOf(id, registration, discovery, chooseGoldenInputs, schedule, clock.now());
    const { endpoint, probePayloads, arePayloadsGuessed, goldenInputs, versionLabel } = found;
    await fleet.update(id, (now) => {
      const anew = askedAnew(now, begun, { endpoint, probePayloads, arePayloadsGuessed, goldenInputs });
      return anew === null ? null : { ...anew, versionLabel: now.versionLabel ?? versionLabel };
    });
  } catch (error) {
    logger.error({ model: id, error: String(error) }, 'a configured model could not be discovered');
  }
  return true;
}
