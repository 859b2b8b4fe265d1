import type { ModelId } from '../domain/identifiers.js';

/** An import that no row and no word came for is given up. */
export const IDLE_IMPORT_MS = 86_400_000;
/** One whose files mlfi fetches is asked for again in one call, and nobody sits before it: until then its model need not wait for long. */
export const IDLE_FETCH_MS = 3_600_000;

interface Heard {
  readonly atMs: number;
  readonly isFetched: boolean;
}

/** When each import under way was last heard of. */
export class HeardImports {
  private readonly heard = new Map<ModelId, Heard>();

  /** @param told is called with every change; null: no import of the model is under way any more */
  constructor(
    private readonly now: () => number,
    private readonly told: (id: ModelId, atMs: number | null) => void,
  ) {}

  /** An import is under way. @param isFetched whether mlfi fetches its files */
  begin(id: ModelId, isFetched: boolean): void {
    const atMs = this.now();
    this.heard.set(id, { atMs, isFetched });
    this.told(id, atMs);
  }

  /** Somebody asked for it, or something of it came; nothing where none is under way. */
  hear(id: ModelId): void {
    const before = this.heard.get(id);
    if (before !== undefined) this.begin(id, before.isFetched);
  }

  end(id: ModelId): void {
    if (this.heard.delete(id)) this.told(id, null);
  }

  isIdle(id: ModelId): boolean {
    const heard = this.heard.get(id);
    return heard !== undefined && this.now() - heard.atMs >= (heard.isFetched ? IDLE_FETCH_MS : IDLE_IMPORT_MS);
  }

  get idle(): readonly ModelId[] {
    return [...this.heard.keys()].filter((id) => this.isIdle(id));
  }
}
