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
  auditNote,
}: Pick<ApplicationPorts, 'fleet' | 'auditNote'> & {
  readonly store: Pick<Store, 'baselines'>;
}): BaselineUseCases {
  return {
    versions: (id) => store.baselines.versions(id),
    async reset(id, by, reason) {
      await fleet.change(id, (draft) => {
        draft.relearn();
        return auditNote('baseline-reset', by, { model: id, reason });
      });
    },
    async accept(id, by, reason) {
      await fleet.change(id, (draft) => {
        const { changeAtMs } = draft.evidence();
        if (changeAtMs === null) {
          throw new Conflict(
            `nothing has been shown to have changed in "${id}", so there is no new normal to accept; POST …/baseline/reset learns anew from now on`,
            'model',
          );
        }
        draft.relearn(changeAtMs);
        return auditNote('baseline-accepted', by, { model: id, reason, changeAtMs });
      });
    },
    async freeze(id, frozen, by) {
      await fleet.change(id, (draft) => {
        const { baseline } = draft;
        if (baseline === null) throw new Conflict(`model "${id}" has no admitted baseline to freeze yet`, 'model');
        draft.freeze(frozen);
        const { version } = baseline;
        return auditNote(frozen ? 'baseline-frozen' : 'baseline-unfrozen', by, { model: id, version });
      });
    },
  };
}
