// Loaded by `node --import` before the service: names below .rebind.test are answered by a hostile name server.
//   turning-N.rebind.test  a public address at the first question, this machine at every later one
//   mixed.rebind.test      a public address and this machine in one answer
//   inside.rebind.test     this machine
// Nothing of this is in the product: Node's own resolver is replaced from outside.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

const PUBLIC = { address: '93.184.216.34', family: 4 };
const INSIDE = { address: '127.0.0.1', family: 4 };
const asked = new Map();
const real = dns.lookup;

function answersOf(name) {
  if (name.startsWith('mixed')) return [PUBLIC, INSIDE];
  if (name.startsWith('inside')) return [INSIDE];
  const times = asked.get(name) ?? 0;
  asked.set(name, times + 1);
  return times === 0 ? [PUBLIC] : [INSIDE];
}

dns.lookup = (name, options, callback) => {
  const done = typeof options === 'function' ? options : callback;
  if (!name.endsWith('.rebind.test')) return real(name, options, callback);
  const answers = answersOf(name);
  process.stderr.write(`hostile DNS: ${name} is ${answers.map(({ address }) => address).join(', ')}\n`);
  if (typeof options === 'object' && options.all) setImmediate(done, null, answers);
  else setImmediate(done, null, answers[0].address, answers[0].family);
};
syncBuiltinESMExports();
