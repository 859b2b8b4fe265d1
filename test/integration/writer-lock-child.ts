/** A process that reaches for a writer's lock when it is told to, and says whether it has it. */
import { lockWriter } from '../../exporter/src/store/writer-lock.js';

let release: (() => Promise<void>) | null = null;

process.on('message', (order: { readonly reach?: string }) => {
  void (async () => {
    if (order.reach === undefined) {
      await release?.();
      release = null;
      process.send?.({ released: true });
      return;
    }
    try {
      release = await lockWriter(order.reach, 60);
      process.send?.({ owner: true });
    } catch (error) {
      process.send?.({ owner: false, said: String(error) });
    }
  })();
});

const [held] = process.argv.slice(2);
if (held !== undefined) {
  try {
    await lockWriter(held);
    process.stdout.write(`locked by process ${process.pid}\n`);
    setInterval(() => undefined, 1_000);
  } catch (error) {
    process.stdout.write(`${String(error)}\n`);
    process.exitCode = 1;
  }
}
