import type { ModelId } from '../domain/identifiers.js';
import type { ModelLanes } from '../incidents/model-lane.js';

/** A turn in the lane of each of several models, all asked for in the same moment; each begins when its lane is free, and is let go by itself. */
export class LaneTurns {
  private readonly ends = new Map<ModelId, () => void>();
  private readonly turns = new Map<ModelId, Promise<unknown>>();
  private readonly allBegun: Promise<unknown>;
  private isClosed = false;

  /** @param late what runs in a turn that begins when the others have gone on without it */
  constructor(
    private readonly lanes: ModelLanes,
    models: readonly ModelId[],
    late: (model: ModelId) => Promise<unknown>,
  ) {
    this.allBegun = Promise.all(
      models.map(
        (model) =>
          new Promise<void>((begins) => {
            const turn = lanes.run(model, () => {
              if (this.isClosed) return late(model);
              begins();
              return new Promise<void>((end) => void this.ends.set(model, end));
            });
            this.turns.set(model, turn);
          }),
      ),
    );
  }

  /** @returns whose turns have begun when all have, or as many as there are when `over` comes */
  async begun(over: Promise<unknown>): Promise<readonly ModelId[]> {
    await Promise.race([this.allBegun, over]);
    this.isClosed = true;
    return [...this.turns.keys()].filter((model) => this.ends.has(model));
  }

  /** Runs what belongs to the turns that have begun, and lets go those that are left at its end. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return this.lanes.holding(this.ends, work).finally(() => this.end([...this.ends.keys()]));
  }

  /** Lets lanes go whose turns have begun. */
  end(models: readonly ModelId[]): void {
    for (const model of models) {
      this.ends.get(model)?.();
      this.ends.delete(model);
    }
  }

  /** Resolves when the model's turn is over. */
  async over(model: ModelId): Promise<void> {
    await this.turns.get(model);
  }
}
