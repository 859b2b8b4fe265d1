// The Node that `npm test` and `npm run demo` run on: the one npm brings as package `node`, whatever the machine has.
// Plain JavaScript for Node 20.19 without dependencies: at first nothing is installed. `MLFI_NODE=system` keeps to the
// machine's Node, and leaves ours out of a clean clone.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const MODULES = join(ROOT, 'node_modules');
const OURS = join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

export const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

export const keepsMachineNode = process.env.MLFI_NODE === 'system';
const runsOnOurs = existsSync(OURS) && realpathSync(OURS) === realpathSync(process.execPath);
const [least] = /\d+(\.\d+)*/.exec(readJson(ROOT, 'exporter', 'package.json').engines.node);
const isNewEnough = compare(process.versions.node, least) >= 0;
/** What to say when our Node cannot be had; empty when this one will do. */
export const tooOld = isNewEnough
  ? ''
  : `mlfi needs Node ${least} or newer, this is ${process.versions.node}, and npm's package node brought none: let npm run install scripts (npm config set ignore-scripts false) or install a newer Node from https://nodejs.org/, then start again.`;

/** Negative, zero or positive as version `a` is older than, equal to or newer than `b`; parts left out count as zero. */
function compare(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const index = [0, 1, 2].find((part) => (left[part] ?? 0) !== (right[part] ?? 0));
  return index === undefined ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

/** True when our Node is absent and either cannot be done without or has not been tried for. */
export function lacksNode() {
  if (keepsMachineNode || existsSync(OURS)) return false;
  return !isNewEnough || !existsSync(join(MODULES, '.package-lock.json'));
}

/** Runs a command in the repository's root with its output shown, passes signals on, and gives its exit code. */
export function run(command, args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const pass = (signal) => child.kill(signal);
    const settle = (code) => {
      for (const signal of signals) process.off(signal, pass);
      resolve(code);
    };
    for (const signal of signals) process.on(signal, pass);
    child.on('error', (error) => {
      console.error(`  ${error.message}`);
      settle(127);
    });
    child.on('close', (code, signal) => settle(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** npm as it started this process, else the one in the path; never on our Node, which `npm ci` removes while it runs. */
function machineNpm(...args) {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(MODULES));
  const environment = { PATH: path.join(delimiter) };
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const known = script?.endsWith('npm-cli.js') && node !== undefined && !node.startsWith(MODULES);
  if (known) return run(node, [script, ...args], environment);
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, environment);
}

/** `npm ci` with these options. When that fails and this Node will do: once more, without ours. Gives the exit code. */
export async function install(...options) {
  if (!keepsMachineNode) {
    const code = await machineNpm('ci', ...options);
    const wasInterrupted = code > 128;
    if (code === 0 || wasInterrupted || runsOnOurs || !isNewEnough) return code;
    console.log(`npm ci failed. Once more without npm's package node: Node ${process.versions.node} is new enough.`);
  }
  const code = await machineNpm('ci', '--ignore-scripts', ...options);
  if (code !== 0) return code;
  const scripted = Object.entries(readJson(ROOT, 'package-lock.json').packages)
    .filter(([place, { hasInstallScript }]) => hasInstallScript === true && existsSync(join(ROOT, place)))
    .map(([place]) => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length))
    .filter((name) => name !== 'node');
  return scripted.length === 0 ? 0 : machineNpm('rebuild', ...scripted);
}

/**
 * Starts this program again on our Node, first in the path so that all it starts runs on it too, and ends with its exit
 * code. Returns when this is that Node already, or when there is none and this one will do; else says so and exits 1.
 */
export async function continueOnNewerNode() {
  if (!keepsMachineNode && existsSync(OURS)) {
    const path = process.env.PATH ?? '';
    if (!path.startsWith(dirname(OURS))) process.env.PATH = [dirname(OURS), path].join(delimiter);
    if (!runsOnOurs) process.exit(await run(OURS, [...process.execArgv, ...process.argv.slice(1)]));
    return;
  }
  if (isNewEnough) return;
  console.error(tooOld);
  process.exit(1);
}
