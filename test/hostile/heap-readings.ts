import { z } from 'zod';

/** Memory of a process that was started with `--inspect=127.0.0.1:0`, after its garbage was collected. */
export interface HeapReadings {
  bytesInUse(): Promise<number>;
  close(): void;
}

const reply = z.object({ id: z.number(), result: z.looseObject({ usedSize: z.number().optional() }) });

/** @param said what the process wrote: the inspector's address is in it @throws Error without one */
export async function connectHeap(said: string): Promise<HeapReadings> {
  const address = /ws:\/\/\S+/.exec(said)?.[0];
  if (address === undefined) throw new Error(`no inspector listens:\n${said}`);
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`${address} cannot be reached`)), { once: true });
  });
  const waiting = new Map<number, (result: z.infer<typeof reply>['result']) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = reply.safeParse(JSON.parse(String(data)));
    if (answer.success) waiting.get(answer.data.id)?.(answer.data.result);
  });
  let calls = 0;
  const ask = (method: string): Promise<z.infer<typeof reply>['result']> =>
    new Promise((resolve) => {
      calls += 1;
      waiting.set(calls, resolve);
      socket.send(JSON.stringify({ id: calls, method }));
    });
  return {
    async bytesInUse() {
      // The first collection runs finalisers, the second takes what they let go.
      await ask('HeapProfiler.collectGarbage');
      await ask('HeapProfiler.collectGarbage');
      const { usedSize } = await ask('Runtime.getHeapUsage');
      if (usedSize === undefined) throw new Error('the inspector told no size');
      return usedSize;
    },
    close: () => socket.close(),
  };
}
