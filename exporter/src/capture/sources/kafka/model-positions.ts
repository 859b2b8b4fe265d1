import type { ModelId } from '../../../domain/identifiers.js';
import type { LogPosition, LogPositions, LogStep } from '../../../domain/log-position.js';

const NEW: LogPosition = { next: 0, open: [], step: 0 };

/** How far logs are taken for each model, as stored when they were first asked for and as stepped on since. */
export class ModelPositions {
  private readonly known = new Map<ModelId, Map<string, LogPosition>>();

  /** @param stored what the store holds of a model */
  constructor(private readonly stored: (model: ModelId) => Promise<LogPositions>) {}

  /** Resolves when `isTaken` and `step` know the model. @throws Unavailable when the store cannot be read */
  async load(model: ModelId): Promise<void> {
    if (!this.known.has(model)) this.known.set(model, new Map(await this.stored(model)));
  }

  /** Whether a record was taken for the model before. */
  isTaken(model: ModelId, log: string, offset: number): boolean {
    const { next, open } = this.at(model, log);
    return offset < next && !open.includes(offset);
  }

  /**
   * The next step, to `next`, which is taken for granted from here on.
   * @param waiting offsets that wait in memory. Those that are stored as open and were not read again yet stay so.
   */
  step(model: ModelId, log: string, next: number, waiting: Iterable<number>): LogStep {
    const before = this.at(model, log);
    const unread = before.open.filter((offset) => offset >= next);
    const position = {
      next: Math.max(before.next, next),
      open: [...new Set([...waiting, ...unread])].sort((a, b) => a - b),
      step: before.step + 1,
    };
    const ofModel = this.known.get(model) ?? new Map<string, LogPosition>();
    this.known.set(model, ofModel.set(log, position));
    return { log, position };
  }

  private at(model: ModelId, log: string): LogPosition {
    return this.known.get(model)?.get(log) ?? NEW;
  }
}
