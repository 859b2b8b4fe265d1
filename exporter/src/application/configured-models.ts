import { createHash } from 'node:crypto';
import { modelId, type ModelId } from '../domain/identifiers.js';
import type { ModelRegistration } from '../domain/model-registration.js';
import type { SettingRepository } from '../domain/ports.js';
import { ModelLanes } from '../incidents/model-lane.js';
import { CONFIGURED_MODELS, type Digests } from './configured-digests.js';
import { askingChange, changeRegistered, registerModel, toldChange } from './register-model.js';
import type { NamedRegistration, RegistrationPorts } from './register-model.js';

const digestOf = (part: unknown): string =>
  createHash('sha256').update(JSON.stringify(part)).digest('base64url').slice(0, 22);

function digestsOf(registration: ModelRegistration): Digests {
  const { url, connector, payloads, goldenInputs, authorizationSecret, asking, ...told } = registration;
  return {
    asked: digestOf([url, connector, payloads, goldenInputs, authorizationSecret, asking]),
    told: digestOf(told),
  };
}

/** Each waits for the store, which has others to serve: one after the other a thousand would wait for minutes. */
const TAKEN_AT_ONCE = 20;

/** The models of the configuration file. */
export interface ConfiguredModels {
  /**
   * Brings the watched models in line with the file: new ones are watched, changed ones take over what changed, those that are
   * gone are not watched any more, and what was learnt of them is kept. What was changed elsewhere stays until the file says
   * something else than before.
   */
  take(models: readonly NamedRegistration[]): Promise<void>;
  /** Resolves when no file is being taken over, and no change of a model that one led to. */
  settle(): Promise<void>;
}

/**
 * @param settings where it is remembered what was taken over, so that a change made while mlfi was stopped is seen
 * @param isStopping from then on nothing more is taken over: the next start does
 */
export function configuredModels(
  ports: RegistrationPorts & {
    readonly settings: Pick<SettingRepository, 'get' | 'set'>;
    readonly isStopping: () => boolean;
  },
): ConfiguredModels {
  const { fleet, logger, schedule, settings, isStopping } = ports;
  let taken: Map<string, Digests> | null = null;
  let saved: string | null = null;
  let last: Promise<void> = Promise.resolve();
  /** Changes of each model, one after the other: each begins with what the one before led to. */
  const changes = new ModelLanes();
  /** Models that are being asked for the first time how they want to be probed. No change waits for that. */
  const discoveries = new ModelLanes();

  const known = async (): Promise<Map<string, Digests>> => {
    if (taken === null) {
      taken = new Map(Object.entries((await settings.get(CONFIGURED_MODELS)) ?? {}));
      saved = JSON.stringify([...taken]);
    }
    return taken;
  };
  const save = async (): Promise<void> => {
    const all = await known();
    const text = JSON.stringify([...all]);
    if (text === saved) return;
    await settings.set(CONFIGURED_MODELS, Object.fromEntries(all));
    saved = text;
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const failed = (id: ModelId, error: unknown): void =>
    logger.error({ model: id, error: String(error) }, 'a configured model could not be brought in line');

  /** What is remembered of a model follows the change: one that failed is made at the next reload, or the next start. */
  const change = async (model: NamedRegistration, now: Digests): Promise<void> => {
    const before = (await known()).get(model.id);
    if (before === undefined) return;
    const changed = {
      ...(before.asked === now.asked ? {} : askingChange(model)),
      ...(before.told === now.told ? {} : toldChange(model, schedule)),
    };
    if (Object.keys(changed).length === 0 || !(await changeRegistered(ports, model.id, changed))) return;
    await inTurn(async () => {
      // Gone from the file meanwhile: it is forgotten already.
      if (!(await known()).has(model.id)) return;
      (await known()).set(model.id, now);
      await save();
    });
  };

  const one = async (model: NamedRegistration): Promise<void> => {
    const all = await known();
    const now = digestsOf(model);
    if (!fleet.has(model.id)) {
      const { settled } = await registerModel(ports, model);
      void discoveries.run(model.id, () => settled);
      all.set(model.id, now);
    } else if (all.has(model.id)) {
      // Beside the others: a model that does not answer keeps nobody waiting.
      void changes.run(model.id, () => change(model, now)).catch((error: unknown) => failed(model.id, error));
    } else {
      // Watched already, and not by a file: what is known of it is not thrown away for a name.
      all.set(model.id, now);
    }
  };

  const take = async (models: readonly NamedRegistration[]): Promise<void> => {
    const all = await known();
    for (let taken = 0; taken < models.length && !isStopping(); taken += TAKEN_AT_ONCE) {
      const some = models.slice(taken, taken + TAKEN_AT_ONCE);
      await Promise.all(some.map((model) => one(model).catch((error: unknown) => failed(model.id, error))));
    }
    const named = new Set<string>(models.map(({ id }) => id));
    for (const id of [...all.keys()].map(modelId)) {
      if (isStopping()) break;
      if (named.has(id)) continue;
      try {
        if (fleet.has(id)) await fleet.release(id);
        all.delete(id);
      } catch (error) {
        failed(id, error);
      }
    }
    await save();
  };

  const settle = async (): Promise<void> => {
    await last;
    await Promise.all([changes.settle(), discoveries.settle()]);
  };

  return { take: (models) => inTurn(() => take(models)), settle };
}
