import type { ModelId } from '../../domain/identifiers.js';
import type { Model } from '../../domain/model.js';
import type { ModelAnswer } from '../../domain/observation.js';
import { isNoneFound, unlessEmpty } from './answers/empty-list.js';

/** What the answers of each model were like so far, as far as one answer alone does not say how it is read. */
export class AnswersSoFar {
  private readonly shapes = new Map<ModelId, string>();

  /** The answer as those before it let it be read. */
  settled({ id, state }: Model, answer: ModelAnswer): ModelAnswer {
    if (answer.kind === 'failure') return answer;
    if (answer.noneAt === undefined) {
      this.shapes.set(id, answer.shape);
      return answer;
    }
    // What a model finds something in is still to be found out where it never answered.
    const isRead = state !== 'configuring' && isNoneFound(answer.noneAt, this.shapes.get(id) ?? null);
    return isRead ? answer : unlessEmpty(answer);
  }

  forget(id: ModelId): void {
    this.shapes.delete(id);
  }
}
