import type { ModelId } from './identifiers.js';
import type { WindowProfile } from './profile.js';

export interface StoredWindow {
  readonly windowStartMs: number;
  readonly profile: WindowProfile;
}

/** The newest `limit` of the windows that start in [fromMs, toMs). */
export interface WindowPage {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** Window counts, keyed by (model, window start). `save` replaces: the caller owns the whole window. */
export interface WindowRepository {
  saveAll(
    rows: readonly { readonly model: ModelId; readonly windowStartMs: number; readonly profile: WindowProfile }[],
  ): Promise<void>;
  /** Windows that start in [fromMs, toMs), oldest first. */
  range(model: ModelId, fromMs: number, toMs: number): Promise<readonly StoredWindow[]>;
  /** Those of these starts that are stored, in no order. */
  at(model: ModelId, startsMs: readonly number[]): Promise<readonly StoredWindow[]>;
  /** Those of one page, newest first. */
  newest(model: ModelId, page: WindowPage): Promise<readonly StoredWindow[]>;
  /** The same without features and groups, which are most of a window: read in a fraction of the time. */
  newestOutlines(model: ModelId, page: WindowPage): Promise<readonly StoredWindow[]>;
  prune(olderThanMs: number): Promise<number>;
}

/**
 * Windows that start in [fromMs, toMs), newest first, read page by page: one page is in memory, and others have their turn
 * between two.
 * @param read one page
 * @param limit windows of a page
 */
export async function* newestFirst(
  read: (page: WindowPage) => Promise<readonly StoredWindow[]>,
  { fromMs, toMs, limit }: WindowPage,
): AsyncGenerator<StoredWindow, void> {
  let untilMs = toMs;
  for (;;) {
    const page = await read({ fromMs, toMs: untilMs, limit });
    yield* page;
    const oldest = page.at(-1);
    if (oldest === undefined || page.length < limit) return;
    untilMs = oldest.windowStartMs;
  }
}
