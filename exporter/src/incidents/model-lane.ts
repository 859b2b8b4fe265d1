import { AsyncLocalStorage } from 'node:async_hooks';
import type { ModelId } from '../domain/identifiers.js';

/** A turn in a lane, or in several at once, and the one in which it was asked for. */
interface Turn {
  readonly lanes: ModelLanes;
  readonly models: Pick<ReadonlySet<ModelId>, 'has'>;
  readonly within: Turn | undefined;
  isOver: boolean;
}

/** The turn that whatever runs now belongs to. */
const turns = new AsyncLocalStorage<Turn | undefined>();

/** Begins work that no turn waits for: it may wait for one in any lane, also in the one it is begun in. */
export const besideLanes = <T>(work: () => T): T => turns.run(undefined, work);

/** Serial lanes: work on one model runs one after the other, in the order it was asked for; work on different models side by side. */
export class ModelLanes {
  private readonly tails = new Map<ModelId, Promise<unknown>>();

  /**
   * Runs `work` when all earlier work on the model has ended, whatever became of it.
   * @throws Error inside a turn in the model's own lane, which would wait for itself for ever, and all that comes later with it
   */
  run<T>(model: ModelId, work: () => T | Promise<T>): Promise<T> {
    return this.turn([model], this.tails.get(model) ?? Promise.resolve(), work);
  }

  /**
   * Runs `work` in one turn of the lanes of several models, when all earlier work on each of them has ended. All are asked for
   * in the same moment, so that no two who want the same ones wait for each other, and all are let go when it ends.
   * @throws Error as above; then none of them is taken
   */
  runAll<T>(models: readonly ModelId[], work: () => T | Promise<T>): Promise<T> {
    return this.turn(models, Promise.all(models.map((model) => this.tails.get(model) ?? Promise.resolve())), work);
  }

  /** Runs what belongs to turns that are held already: asked for inside, their lanes throw as in the turns themselves. */
  holding<T>(models: Turn['models'], work: () => Promise<T>): Promise<T> {
    const turn: Turn = { lanes: this, models, within: underWay(turns.getStore()), isOver: false };
    const result = turns.run(turn, work);
    const isOver = (): void => void (turn.isOver = true);
    result.then(isOver, isOver);
    return result;
  }

  /** Resolves when no lane has work left. */
  async settle(): Promise<void> {
    while (this.tails.size > 0) await Promise.all(this.tails.values());
  }

  private turn<T>(models: readonly ModelId[], before: Promise<unknown>, work: () => T | Promise<T>): Promise<T> {
    const taken = new Set(models);
    const turn: Turn = { lanes: this, models: taken, within: underWay(turns.getStore()), isOver: false };
    for (const model of taken)
      for (let outer = turn.within; outer !== undefined; outer = underWay(outer.within))
        if (outer.lanes === this && outer.models.has(model))
          throw new Error(`the lane of model "${model}" was asked for inside itself: it would wait for its own end`);
    const result = turns.run(turn, () => before.then(work));
    const tail = result.then(
      () => void (turn.isOver = true),
      () => void (turn.isOver = true),
    );
    for (const model of taken) this.tails.set(model, tail);
    void tail.then(() => {
      for (const model of taken) if (this.tails.get(model) === tail) this.tails.delete(model);
    });
    return result;
  }
}

/** What was begun in a turn and goes on after it is no part of it. */
function underWay(turn: Turn | undefined): Turn | undefined {
  return turn?.isOver === true ? underWay(turn.within) : turn;
}
