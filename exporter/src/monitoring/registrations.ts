import type { AuditNote } from '../domain/audit-note.js';
import { NotFound, Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Model } from '../domain/model.js';
import type { EventBus } from '../domain/ports.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { ModelLanes } from '../incidents/model-lane.js';
import type { BaselineMemory } from './baseline-lifecycle.js';
import type { Commits } from './commits.js';
import type { FleetPorts } from './fleet-ports.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import type { MonitoredModelView } from './monitored-model.js';
import { writeModels } from './persist.js';
import type { Probes } from './probes.js';

/** The model to be, from the one that is known; null for none. */
type Registered = (known: Model | null) => Model | null;

export interface RegistrationPorts extends Pick<FleetPorts, 'store' | 'incidents' | 'intakeCounts'> {
  readonly events: EventBus;
  readonly lanes: ModelLanes;
  readonly members: Members;
  readonly commits: Pick<Commits, 'change' | 'expectKnown' | 'writeHeld'>;
  readonly probes: Pick<Probes, 'restart' | 'stop'>;
  /** Resolves when no evaluation of the model is under way. */
  readonly settled: (id: ModelId) => Promise<void>;
  /** Takes a stored model up where it was left; the caller holds its lane. */
  readonly restore: (model: Model, memory?: BaselineMemory | null) => Promise<void>;
  readonly stopping: AbortSignal;
}

/** Which models a fleet monitors, and what is registered of each: models come, are changed and leave here. */
export class Registrations {
  constructor(private readonly ports: RegistrationPorts) {}

  /** Saves a model and monitors it from now on. One that is known takes over what is registered and keeps its state. */
  async add(model: Model): Promise<void> {
    await this.register(model.id, (known) =>
      known === null ? model : { ...model, state: known.state, paused: known.paused, createdAtMs: known.createdAtMs },
    );
  }

  /**
   * Monitors a model unless its id is taken: one that is monitored stays as it is, one that is stored is taken up as it was.
   * @returns whether it is new; `audit` says so, here and below, in the transaction of the change
   */
  async addIfNew(model: Model, audit?: AuditNote): Promise<boolean> {
    return this.ports.lanes.run(model.id, async () => {
      // Only here: it may have been lent while this one waited for its turn.
      this.ports.members.refuseUnrestored(model.id);
      if (this.ports.members.all.has(model.id)) return false;
      const stored = await this.ports.store.models.get(model.id);
      if (stored === null) await this.admit(model, null, audit);
      else await this.ports.restore(stored);
      return stored === null;
    });
  }

  /**
   * Changes what is registered of a model; of one that is gone by then, nothing.
   * @param changed null when nothing is to be changed any more
   * @returns the model as it is from now on; null when nothing was changed
   * @throws Unavailable once mlfi stops
   */
  update(
    id: ModelId,
    changed: (known: Model) => Model | null,
    audit?: AuditNote,
    event?: ChangeEvent,
  ): Promise<Model | null> {
    return this.register(id, (known) => (known === null ? null : changed(known)), audit, event);
  }

  private register(id: ModelId, registered: Registered, audit?: AuditNote, event?: ChangeEvent): Promise<Model | null> {
    return this.ports.lanes.run(id, async () => {
      this.ports.members.refuseUnrestored(id);
      const member = this.ports.members.all.get(id) ?? null;
      const model = registered(member?.monitored.model ?? null);
      if (model !== null) await this.admit(model, member, audit, event);
      return model;
    });
  }

  /** Saves a model and monitors it as it is from now on; the caller holds its lane. */
  private async admit(model: Model, member: Member | null, audit?: AuditNote, event?: ChangeEvent): Promise<void> {
    this.refuseWhenStopping();
    if (member === null || event === undefined)
      await writeModels(this.ports.store, audit, (models) => models.save(model));
    else
      await this.ports.commits.change(member, (draft) => {
        draft.recordChange(event);
        const { versionLabel: before } = member.monitored.model;
        if (model.versionLabel !== null && model.versionLabel !== before)
          draft.declareVersion(before, model.versionLabel);
        return async (transaction) => {
          await transaction.models.save(model);
          await audit?.(transaction);
        };
      });
    // Not the one that was changed when that had to be read anew.
    const current = this.ports.members.all.get(model.id);
    if (current === undefined) await this.ports.restore(model);
    else {
      current.monitored.model = model;
      this.ports.probes.restart(current);
    }
    this.ports.events.publish({ kind: 'model-updated', model });
  }

  /** Stops monitoring a model and removes all that was learnt about it. @throws NotFound */
  async remove(id: ModelId, audit?: AuditNote): Promise<void> {
    const finish = async (member: Member): Promise<void> => {
      this.ports.commits.expectKnown(member);
      await writeModels(this.ports.store, audit, (models) => models.remove(id));
      this.forget(id);
    };
    await this.leave(id, 'the model was removed', finish, { isKept: false });
  }

  /** Stops monitoring a model and keeps what is stored of it: added again, it goes on where it was. @throws NotFound */
  async release(id: ModelId): Promise<void> {
    await this.leave(id, 'the model is no longer configured', async () => {
      await this.ports.store.models.unlist(id);
      this.forget(id);
    });
  }

  private forget(id: ModelId): void {
    this.ports.members.remove(id);
    this.ports.intakeCounts.forget(id);
  }

  /**
   * Hands a model over to an import. What is registered of it stays stored, and is not touched until it is taken back.
   * @param refused why not, by what has come for it until then; null when nothing speaks against it
   * @param why what its open incident says of it when it is closed
   * @returns what was in memory of its baseline, for whoever it is lent to
   * @throws NotFound, Unavailable, or what `refused` gives: then the model stays as it is
   */
  async lend(
    id: ModelId,
    refused: (monitored: MonitoredModelView) => Error | null,
    why = 'an import of past rows took the model over',
  ): Promise<BaselineMemory | null> {
    let memory: BaselineMemory | null = null;
    const early = refused(this.ports.members.get(id).monitored);
    if (early !== null) throw early;
    await this.leave(id, why, async (member) => {
      const late = refused(member.monitored);
      if (late !== null) throw late;
      memory = member.monitored.baselineMemory;
      this.ports.members.lend(id);
    });
    return memory;
  }

  /**
   * Monitors a model again that was lent, as it is stored by then.
   * @param memory what whoever it was lent to has in memory of its baseline
   * @throws NotFound when nothing is stored of it, or what the store throws
   */
  async takeBack(id: ModelId, memory: BaselineMemory | null = null): Promise<void> {
    const { members, lanes, store, restore } = this.ports;
    await lanes.run(id, async () => {
      const stored = await store.models.get(id);
      // Until it is there whoever asks is told to come again.
      if (stored !== null && !members.all.has(id)) await restore(stored, memory);
      members.takeBack(id);
      if (stored === null) throw new NotFound(`there is no model "${id}"; register it again`, 'model');
    });
  }

  /**
   * @param finish stores that it leaves: until it has, nothing else changes
   * @param isKept whether what it learnt until now is stored before
   */
  private async leave(
    id: ModelId,
    why: string,
    finish: (member: Member) => Promise<void>,
    { isKept } = { isKept: true },
  ): Promise<void> {
    const { members, probes, incidents } = this.ports;
    const { registration } = members.get(id);
    registration.removals += 1;
    probes.stop(id);
    try {
      await this.ports.settled(id);
      await members.inLane(id, async (member) => {
        // Removed by somebody else meanwhile: what has its name now is another model.
        if (member.registration !== registration) throw new NotFound(`model "${id}" was removed`, 'model');
        this.refuseWhenStopping();
        if (isKept) await this.keep(member);
        // Not the one it was when that had to be read anew, which takes the incident's lane: so only now that one.
        const kept = members.get(id);
        await incidents.leave(id, why, () => finish(kept));
      });
    } catch (error) {
      registration.removals -= 1;
      const member = members.all.get(id);
      // Another removal that is under way may still succeed; `restart` heeds it.
      if (member?.registration === registration) probes.restart(member);
      throw error;
    }
  }

  private refuseWhenStopping(): void {
    if (this.ports.stopping.aborted) throw new Unavailable('mlfi is stopping and changes nothing any more');
  }

  private async keep(member: Member): Promise<void> {
    member.monitored.saveDetectorsSoon();
    await this.ports.commits.writeHeld(member);
  }
}
