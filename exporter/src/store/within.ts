import { StoreAway } from './border.js';

/** @throws StoreAway when nothing came in time; what was asked goes on, and nobody waits for it */
export async function within<T>(ms: number, asked: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreAway(`the store has not answered within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
