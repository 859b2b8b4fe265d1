import type { ModelId } from '../domain/identifiers.js';
import { Fleet } from './fleet.js';

/** A fleet that is driven instead of started: nothing in it happens by itself. */
export class ReplayFleet extends Fleet {
  /** Evaluates a model now, and again as long as rows wait for what an evaluation has seen. @throws NotFound */
  async catchUp(id: ModelId): Promise<void> {
    do await this.evaluations.evaluate(this.members.get(id));
    while (this.members.get(id).monitored.isBehind(this.ports.clock.now()));
  }
}
