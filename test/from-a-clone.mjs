// `npm run tutorial`: plays what a newcomer does, in a clean clone of what is committed and with an empty home: from nothing to the
// first own model watched, then every command of docs/tutorial.md, README.md and docs/how-to.md, then the demo. Prints time and steps.
// On the PATH are Node, npm, Python and what the machine has in /usr/bin, without make and compilers. `npm run tutorial -- --compilers`
// leaves those in, which SQLite needs where no ready-made build can be fetched.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const COMPILER = /^([\w-]+-)?(gcc|g\+\+|cc|c\+\+|cpp|clang|clang\+\+|make|gmake)(-[\d.]+)?$/;
const MOST_MINUTES = 10;
const MOST_COMMANDS = 5;

const home = mkdtempSync(join(tmpdir(), 'mlfi-newcomer-'));
const clone = join(home, 'mlfi');
const bin = join(home, 'bin');
mkdirSync(bin);
const withCompilers = process.argv.includes('--compilers');
const found = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).stdout.trim();
const node = process.env.MLFI_NEWCOMER_NODE ?? process.execPath;
for (const folder of ['/usr/bin', '/bin'])
  for (const name of readdirSync(folder))
    if (
      !['node', 'npm', 'npx'].includes(name) &&
      (withCompilers || !COMPILER.test(name)) &&
      !existsSync(join(bin, name))
    )
      symlinkSync(join(folder, name), join(bin, name));
symlinkSync(node, join(bin, 'node'));
for (const command of ['npm', 'npx']) symlinkSync(found(command), join(bin, command));
/** What says how the network is reached, and where Python is: of this machine, not of the newcomer. */
const OF_THE_MACHINE =
  /^((https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_registry|mlfi_python)$/i;
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => OF_THE_MACHINE.test(name))),
  HOME: home,
  PATH: bin,
  TMPDIR: tmpdir(),
  LANG: 'C.UTF-8',
  NO_COLOR: '1',
};
// A compiler wants Node's headers: those that are here.
const headers = spawnSync('npm', ['config', 'get', 'nodedir'], { encoding: 'utf8' }).stdout.trim();
if (withCompilers && headers.startsWith('/')) env.npm_config_nodedir = headers;

const running = [];
const steps = [];
let failed = false;
let isWatched = false;

/** Runs one command to its end and says how long it took. */
async function step(what, command, environment = {}) {
  console.log(`→ ${command}`);
  const beganMs = Date.now();
  const child = spawn('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: clone,
    env: { ...env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  steps.push({ what, seconds: (Date.now() - beganMs) / 1_000, code });
  if (code !== 0) failed = true;
  return code === 0;
}

/** Starts what goes on running. @returns the first match in what it prints */
async function start(command, wanted, environment) {
  console.log(`→ ${command}`);
  const child = spawn('bash', ['-c', `exec ${command}`], { cwd: clone, env: { ...env, ...environment } });
  running.push(child);
  let text = '';
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more) => {
        text += more;
        const match = wanted.exec(text);
        if (match !== null) resolve(match[1] ?? match[0]);
      });
    child.on('close', (code) => reject(new Error(`${command} ended with ${code}: ${text}`)));
  });
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** From a clone to a model that is watched: what stands in the README, with the tutorial's model as the person's own. */
async function firstModel() {
  const [port, own] = [await freePort(), await freePort()];
  const environment = { MLFI_LISTEN_PORT: String(port) };
  await start('node docs/tutorial/loans.mjs', /loans on port/, { PORT: String(own) });
  const beganMs = Date.now();
  const mlfi = 'node exporter/dist/src/main.js';
  const commands = [
    ['install', 'npm ci'],
    ['build', 'npm run build'],
    ['init', `${mlfi} init --url http://127.0.0.1:${own}/predict --payload '{"income":42000,"age":42}'`],
  ];
  for (const [what, command] of commands) if (!(await step(what, command, environment))) return;
  const serving = Date.now();
  const key = await start(`${mlfi} serve --config mlfi.yml`, /first API key\s+(\S+)/, environment);
  for (let state = ''; !/"state":"(learning|healthy)"/.test(state);) {
    const headers = { authorization: `Bearer ${key}` };
    state = await (await fetch(`http://127.0.0.1:${port}/api/v1/models`, { headers })).text();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  steps.push({ what: 'serve, until the model is watched', seconds: (Date.now() - serving) / 1_000, code: 0 });
  isWatched = true;
  const minutes = (Date.now() - beganMs) / 60_000;
  const count = commands.length + 1;
  console.log(`\nFirst own model watched after ${count} commands and ${minutes.toFixed(1)} minutes.`);
  if (minutes > MOST_MINUTES || count > MOST_COMMANDS) {
    failed = true;
    console.log(`It must be ${MOST_COMMANDS} commands and ${MOST_MINUTES} minutes at most.`);
  }
}

try {
  // Of a file, so that nothing is shared with where it comes from.
  const cloned = spawnSync('git', ['clone', '--quiet', '--depth', '1', `file://${ROOT}`, clone], { stdio: 'inherit' });
  if (cloned.status !== 0) throw new Error('the clone failed');
  await firstModel();
  for (const child of running.splice(0)) child.kill('SIGTERM');
  const files = 'test/integration/tutorial.test.ts test/integration/documented-commands.test.ts';
  if (isWatched)
    await step('every command of tutorial, README and how-to', `npx vitest run --project integration ${files}`, {
      PLAYS_BUILT: '1',
    });
  if (isWatched) await step('the demo, approved by --yes', 'npm run demo -- --yes --port 0');
} finally {
  for (const child of running) child.kill('SIGTERM');
  console.log('');
  for (const { what, seconds, code } of steps)
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${seconds.toFixed(0).padStart(5)} s  ${what}`);
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failed ? 1 : 0;
