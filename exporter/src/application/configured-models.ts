import { createHash } from 'node:crypto';
import { z } from 'zod';
import { modelId, type ModelId } from '../domain/identifiers.js';
import type { ModelRegistration } from '../domain/model-registration.js';
import type { SettingRepository } from '../domain/ports.js';
import { setting } from '../domain/setting.js';
import { askingChange, changeRegistered, registerModel, toldChange } from './register-model.js';
import type { NamedRegistration, RegistrationPorts } from './register-model.js';

interface Digests {
  /** Of how the model is asked. */
  readonly asked: string;
  /** Of what is said of it, and how often it is asked. */
  readonly told: string;
}

/** What the configuration said of its models when it was last taken over. */
export const CONFIGURED_MODELS = setting<Readonly<Record<string, Digests>>>(
  'configured-models',
  z.record(z.string(), z.object({ asked: z.string(), told: z.string() })),
);

const digestOf = (part: unknown): string =>
  createHash('sha256').update(JSON.stringify(part)).digest('base64url').slice(0, 22);

function digestsOf(registration: ModelRegistration): Digests {
  const { url, connector, payloads, goldenInputs, authorizationSecret, asking, ...told } = registration;
  return {
    asked: digestOf([url, connector, payloads, goldenInputs, authorizationSecret, asking]),
    told: digestOf(told),
  };
}

/** The models of the configuration file. */
export interface ConfiguredModels {
  /**
   * Brings the watched models in line with the file: new ones are watched, changed ones take over what changed, those that are
   * gone are not watched any more, and what was learnt of them is kept. What was changed elsewhere stays until the file says
   * something else than before.
   */
  take(models: readonly NamedRegistration[]): Promise<void>;
}

/** @param settings where it is remembered what was taken over, so that a change made while mlfi was stopped is seen */
export function configuredModels(
  ports: RegistrationPorts & { readonly settings: Pick<SettingRepository, 'get' | 'set'> },
): ConfiguredModels {
  const { fleet, logger, schedule } = ports;
  let last: Promise<void> = Promise.resolve();

  const one = async (model: NamedRegistration, before: Digests | undefined, now: Digests): Promise<void> => {
    if (!fleet.has(model.id)) {
      await registerModel(ports, model);
      return;
    }
    // Watched already, and not by a file: what is known of it is not thrown away for a name.
    if (before === undefined) return;
    const change = {
      ...(before.asked === now.asked ? {} : askingChange(model)),
      ...(before.told === now.told ? {} : toldChange(model, schedule)),
    };
    // Beside the others: a model that does not answer keeps nobody waiting.
    if (Object.keys(change).length > 0) void changeRegistered(ports, model.id, change);
  };

  const take = async (models: readonly NamedRegistration[]): Promise<void> => {
    const known = new Map(Object.entries((await ports.settings.get(CONFIGURED_MODELS)) ?? {}));
    const next = new Map<string, Digests>();
    const apart = async (id: ModelId, work: () => Promise<void>): Promise<void> => {
      const before = known.get(id);
      try {
        await work();
      } catch (error) {
        if (before !== undefined) next.set(id, before);
        else next.delete(id);
        logger.error({ model: id, error: String(error) }, 'a configured model could not be brought in line');
      }
    };
    for (const model of models)
      await apart(model.id, async () => {
        const now = digestsOf(model);
        next.set(model.id, now);
        await one(model, known.get(model.id), now);
      });
    const named = new Set<string>(models.map(({ id }) => id));
    for (const id of known.keys())
      if (!named.has(id) && fleet.has(modelId(id))) await apart(modelId(id), () => fleet.release(modelId(id)));
    const written = Object.fromEntries(next);
    if (JSON.stringify(written) !== JSON.stringify(Object.fromEntries(known)))
      await ports.settings.set(CONFIGURED_MODELS, written);
  };

  return {
    take(models) {
      last = last.catch(() => undefined).then(() => take(models));
      return last;
    },
  };
}
