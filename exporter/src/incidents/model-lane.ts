import type { ModelId } from '../domain/identifiers.js';

/** Serial lanes: work on one model runs one after the other, in the order it was asked for; work on different models side by side. */
export class ModelLanes {
  private readonly tails = new Map<ModelId, Promise<unknown>>();

  /** Runs `work` when all earlier work on the model has ended, whatever became of it. Never call it from inside the model's own lane. */
  run<T>(model: ModelId, work: () => T | Promise<T>): Promise<T> {
    const before = this.tails.get(model) ?? Promise.resolve();
    const result = before.then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.tails.set(model, tail);
    void tail.then(() => {
      if (this.tails.get(model) === tail) this.tails.delete(model);
    });
    return result;
  }
}
