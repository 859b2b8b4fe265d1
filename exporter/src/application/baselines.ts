import type { Actor } from '../domain/actor.js';
import { Conflict } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Store } from '../domain/ports.js';
import type { ApplicationPorts } from './ports.js';

/** One admitted baseline of a model. */
export interface BaselineVersion {
  readonly version: number;
  readonly admittedAtMs: number;
  readonly frozen: boolean;
}

/** What is normal for a model, and who says so. */
export interface BaselineUseCases {
  /** Admitted versions, newest first. */
  versions(id: ModelId): Promise<readonly BaselineVersion[]>;
  /** Learns anew from now on. */
  reset(id: ModelId, by: Actor, reason: string): Promise<void>;
  /** What is seen since the change becomes the next baseline. @throws Conflict when nothing has changed */
  accept(id: ModelId, by: Actor, reason: string): Promise<void>;
  /** @throws Conflict while there is no admitted baseline */
  freeze(id: ModelId, frozen: boolean, by: Actor): Promise<void>;
}

/** @returns the use cases of `/api/v1/models/…/baseline` */
export function baselineUseCases({
  fleet,
  store,
  audit,
}: Pick<ApplicationPorts, 'fleet' | 'audit'> & {
  readonly store: Pick<Store, 'baselines'>;
}): BaselineUseCases {
  return {
    versions: (id) => store.baselines.versions(id),
    async reset(id, by, reason) {
      await fleet.change(id, (monitored) => monitored.relearn());
      await audit('baseline-reset', by, { model: id, reason });
    },
    async accept(id, by, reason) {
      const changeAtMs = await fleet.change(id, (monitored) => {
        const { changeAtMs: sinceMs } = monitored.evidence();
        if (sinceMs === null) {
          throw new Conflict(
            `nothing has been shown to have changed in "${id}", so there is no new normal to accept; POST …/baseline/reset learns anew from now on`,
            'model',
          );
        }
        monitored.relearn(sinceMs);
        return sinceMs;
      });
      await audit('baseline-accepted', by, { model: id, reason, changeAtMs });
    },
    async freeze(id, frozen, by) {
      const version = await fleet.change(id, (monitored) => {
        const { baseline } = monitored;
        if (baseline === null) throw new Conflict(`model "${id}" has no admitted baseline to freeze yet`, 'model');
        monitored.freeze(frozen);
        return baseline.version;
      });
      await audit(frozen ? 'baseline-frozen' : 'baseline-unfrozen', by, { model: id, version });
    },
  };
}
