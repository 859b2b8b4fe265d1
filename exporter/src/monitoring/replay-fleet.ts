import type { ModelId } from '../domain/identifiers.js';
import { Fleet } from './fleet.js';
import type { MonitoredModel } from './monitored-model.js';

/** A fleet that is driven instead of started: nothing in it happens by itself. */
export class ReplayFleet extends Fleet {
  /** Runs `work` on a model in its lane, and stores what came of it. @throws NotFound, Unavailable, or what `work` throws */
  async inModel<T>(id: ModelId, work: (monitored: MonitoredModel) => T): Promise<T> {
    const { member, result } = await this.members.inLane(id, (member) => ({ member, result: work(member.monitored) }));
    await this.commits.stored(member);
    return result;
  }

  /** Judges rows up to now. @returns whether an evaluation has to see at once what was found in them */
  async judge(id: ModelId): Promise<boolean> {
    const nowMs = this.ports.clock.now();
    return this.members.inLane(id, ({ monitored, last }) => {
      const severity = last?.evaluation.diagnosis.severity;
      monitored.advance(nowMs, severity === 'critical' || severity === 'high');
      return monitored.isBehind(nowMs);
    });
  }

  /** Evaluates a model now, and again as long as rows wait for what an evaluation has seen. @throws NotFound */
  async catchUp(id: ModelId): Promise<void> {
    do await this.evaluations.evaluate(this.members.get(id));
    while (this.members.get(id).monitored.isBehind(this.ports.clock.now()));
  }
}
