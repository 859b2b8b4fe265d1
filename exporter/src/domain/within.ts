import { unlessAborted } from './unless-aborted.js';

/**
 * @param late says what to answer when nothing has come within the time; what was asked goes on, and nobody waits for it
 * @throws what `asked` rejects with before that, or what `late` throws
 */
export async function within<T>(ms: number, asked: PromiseLike<T>, late: () => T): Promise<T> {
  const come = await unlessAborted(async () => ({ answer: await asked }), AbortSignal.timeout(ms));
  return come === null ? late() : come.answer;
}
