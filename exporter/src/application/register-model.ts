import { changeOf } from './change-model.js';
import { modelOf, targetOf } from './models.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { ModelChange, ModelRegistration } from '../domain/model-registration.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Json } from '../domain/json.js';
import type { GoldenInput, ProbeSchedule } from '../domain/model.js';
import type { Clock, Logger } from '../domain/ports.js';
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

/** What a model that never answered is asked meanwhile, once a cycle. */
const UNANSWERED_PAYLOADS: readonly Json[] = [{ text: 'The service was quick and the staff were friendly.' }];

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

/** Takes over what a registration says anew of a model that is watched, whether it answers to that or not. */
export async function changeRegistered(
  { fleet, ...ports }: RegistrationPorts,
  id: ModelId,
  change: ModelChange,
): Promise<void> {
  try {
    const { apply, refused } = await changeOf(ports, fleet.monitoredModel(id).model, change);
    await fleet.update(id, apply);
    if (refused !== null) fleet.noteSetup(id, setupProblemOf(refused.failure));
  } catch (error) {
    ports.logger.error(
      { model: id, error: String(error) },
      'what the model is to be from now on could not be taken over',
    );
  }
}

/**
 * Watches a model at once, so that its logged predictions are taken, and probes it as soon as it is known how. One that is
 * watched already takes over what the registration says and keeps its state.
 * @returns when it is watched; what it resolves to ends when the model was asked how it wants to be probed
 */
export async function registerModel(
  { fleet, discover, chooseGoldenInputs, schedule, clock, logger }: RegistrationPorts,
  registration: NamedRegistration,
): Promise<{ readonly discovered: Promise<void> }> {
  const { id, payloads, connector } = registration;
  if (fleet.has(id)) {
    const change = { ...askingChange(registration), ...toldChange(registration, schedule) };
    return {
      discovered: changeRegistered({ fleet, discover, chooseGoldenInputs, schedule, clock, logger }, id, change),
    };
  }
  const target = targetOf(registration);
  const model = (asked: ModelRegistration, discovery: Discovery | null) =>
    modelOf(id, asked, discovery, chooseGoldenInputs, schedule, clock.now());
  await fleet.add(model(registration, null));
  const known = target === null || (payloads !== undefined && connector !== undefined);
  const ask = async (): Promise<void> => {
    if (target === null) return;
    try {
      const discovery = await discover(target);
      if (discovery.kind === 'not-found') fleet.noteSetup(id, setupProblemOf(discovery.failure));
      const asked = discovery.kind === 'found' ? registration : { payloads: UNANSWERED_PAYLOADS, ...registration };
      await fleet.update(id, ({ state, paused, createdAtMs }) => ({
        ...model(asked, discovery),
        state,
        paused,
        createdAtMs,
      }));
    } catch (error) {
      logger.error({ model: id, error: String(error) }, 'a configured model could not be discovered');
    }
  };
  return { discovered: known ? Promise.resolve() : ask() };
}
