import { modelOf, targetOf } from './models.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { ModelRegistration } from '../domain/model-registration.js';
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
