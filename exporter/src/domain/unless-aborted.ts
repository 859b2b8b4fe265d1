/** @returns null once the signal is aborted: the work is then not begun, or left to itself @throws what the work throws before that */
export async function unlessAborted<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T | null> {
  if (signal?.aborted === true) return null;
  const settled = new AbortController();
  const aborted = new Promise<null>((resolve) =>
    signal?.addEventListener('abort', () => resolve(null), { signal: settled.signal }),
  );
  return Promise.race([work(), aborted]).finally(() => settled.abort());
}
