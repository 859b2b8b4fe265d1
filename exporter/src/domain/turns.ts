/** What is done of long work before others of this thread have their turn: some 25 ms of rows of a dozen features. */
const PIECES_PER_TURN = 1_000;

let last: Promise<void> = Promise.resolve();
let done = 0;

/** Resolves in a turn of the event loop that no other long work has. */
export function ownTurn(): Promise<void> {
  last = last.then(() => new Promise((resolve) => setImmediate(resolve)));
  return last;
}

/**
 * Does long work piece by piece, each up to the next `yield`, so that others are answered between them.
 * @param before pieces of what is done in one before the first `yield`
 */
export async function inTurns<T>(work: Generator<void, T>, before = 0): Promise<T> {
  done += before;
  for (;;) {
    if (done >= PIECES_PER_TURN) {
      done = 0;
      await ownTurn();
    }
    const piece = work.next();
    if (piece.done === true) return piece.value;
    done += 1;
  }
}

/** Work that is not cut into pieces, told as so many. */
export function* pieces(count: number): Generator<void> {
  for (let i = 0; i < count; i += 1) yield;
}

/** The work of `inTurns` without a pause. */
export function atOnce<T>(work: Generator<void, T>): T {
  for (;;) {
    const piece = work.next();
    if (piece.done === true) return piece.value;
  }
}
