// Loaded by `node --import` before the built service: lets it die, or lets the store refuse, at a moment between folding rows,
// committing them and acknowledging them. Nothing of this is in the product: its own classes are wrapped from outside.
//   MLFI_TEST_FAIL_POINT  before-commit · after-commit · half-acknowledged
//   MLFI_TEST_AT_COMMIT   the which commit with rows in it, from 1
//   MLFI_TEST_FATE        die (SIGKILL) · refuse (the transaction fails, each time that many commits with rows have gone by)
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const point = process.env.MLFI_TEST_FAIL_POINT;
const at = Number(process.env.MLFI_TEST_AT_COMMIT ?? '1');
const isRefusing = process.env.MLFI_TEST_FATE === 'refuse';
const built = pathToFileURL(join(import.meta.dirname, '../../exporter/dist/src/monitoring/joint-commit.js')).href;
const { JointCommit } = await import(built);
const wrapped = ['together', 'settleModel'].filter((name) => typeof JointCommit.prototype[name] !== 'function');
if (wrapped.length > 0) throw new Error(`fail points: JointCommit has no ${wrapped.join(', ')} any more`);

let commits = 0;
let isDue = false;
function die() {
  process.stderr.write(`fail point ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered at once, but nothing more may happen before it.
  for (;;);
}

const { together, settleModel } = JointCommit.prototype;
JointCommit.prototype.together = function (entries, ...others) {
  const hasRows = entries.some(({ member, requests }) =>
    (requests ?? member.waiting).some(({ batch }) => batch !== null),
  );
  if (!hasRows || point === undefined) return together.call(this, entries, ...others);
  commits += 1;
  const isNow = isRefusing ? commits % at === 0 : commits >= at;
  isDue = isNow;
  if (!isNow) return together.call(this, entries, ...others);
  const { store } = this.ports;
  const failing = {
    awayBecause: () => store.awayBecause(),
    check: () => (isRefusing ? Promise.reject(new Error('fail point: the store takes nothing')) : store.check()),
    async atomic(shard, epoch, work) {
      const written = await store.atomic(shard, epoch, async (increments) => {
        const models = await work(increments);
        if (point === 'before-commit') {
          if (!isRefusing) die();
          throw new Error('fail point: the transaction fails after everything was written');
        }
        return models;
      });
      if (point === 'after-commit') die();
      return written;
    },
  };
  const wrappedThis = Object.create(this, { ports: { value: { ...this.ports, store: failing } } });
  return together.call(wrappedThis, entries, ...others);
};
JointCommit.prototype.settleModel = function (...args) {
  const settled = settleModel.apply(this, args);
  // The first model's senders are answered in memory, and the answers may or may not have left the process.
  if (isDue && point === 'half-acknowledged') setImmediate(die);
  return settled;
};
