// `npm run demo`: makes the demo runnable, then runs it. Plain JavaScript without dependencies: nothing is installed yet.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const EXPORTER = join(ROOT, 'exporter');
const DIST = join(EXPORTER, 'dist');
const ENTRY = join(DIST, 'demo', 'demo.js');
const STAMP = join(DIST, '.demo-built');
const LEAST_NODE = [20, 19];
const HEARTBEAT_MS = 10_000;

const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  console.error(
    `mlfi needs Node ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org/`,
  );
  process.exit(1);
}

/** Names of packages the exporter needs that are absent or of another version than the lockfile's. */
function missingPackages() {
  const locked = readJson(ROOT, 'package-lock.json').packages;
  const { dependencies, devDependencies } = readJson(EXPORTER, 'package.json');
  const wanted = [...Object.keys({ ...dependencies, ...devDependencies }), 'typescript', '@types/node'];
  return wanted.filter((name) => {
    const place = [`exporter/node_modules/${name}`, `node_modules/${name}`].find((path) => path in locked);
    if (place === undefined) return true;
    const manifest = join(ROOT, place, 'package.json');
    return !existsSync(manifest) || readJson(manifest).version !== locked[place].version;
  });
}

/** Newest change of anything the build reads, in milliseconds. */
function newestSource(path = EXPORTER) {
  if (path === EXPORTER) {
    const parts = ['src', 'demo', 'package.json', 'tsconfig.json'].map((part) => join(EXPORTER, part));
    return Math.max(...[...parts, join(ROOT, 'tsconfig.json')].map((part) => newestSource(part)));
  }
  const stats = statSync(path);
  return stats.isDirectory()
    ? Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestSource(join(path, name))))
    : stats.mtimeMs;
}

const isBuilt = () => existsSync(ENTRY) && existsSync(STAMP) && statSync(STAMP).mtimeMs >= newestSource();

/** Runs a command with its output shown; says every ten seconds that it still runs. Ends this process when it fails. */
async function step(what, command, args, remedy) {
  console.log(what);
  const startedMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1_000)} s`;
  const heartbeat = setInterval(() => console.log(`  … still at it, ${seconds()}`), HEARTBEAT_MS);
  const code = await run(command, args);
  clearInterval(heartbeat);
  if (code === 0) {
    console.log(`  done in ${seconds()}`);
    return;
  }
  console.error(`  failed (exit code ${code}). ${remedy}`);
  process.exit(1);
}

/** Runs a command in the repository's root, passes signals on, and gives its exit code. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', shell: false });
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', pass);
    process.on('SIGTERM', pass);
    child.on('error', (error) => {
      console.error(`  ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      process.off('SIGINT', pass);
      process.off('SIGTERM', pass);
      resolve(code ?? 1);
    });
  });
}

/** npm as this process was started by it, else the one in the path. */
function npm(...args) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /\.[cm]?js$/.test(script)) return [process.execPath, [script, ...args]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}

checkNode();

const missing = missingPackages();
if (missing.length > 0) {
  const [command, args] = npm(
    'ci',
    '--workspace',
    'exporter',
    '--include-workspace-root',
    '--no-audit',
    '--no-fund',
    '--loglevel',
    'error',
  );
  await step(
    `Installing what the exporter needs (${missing.length} packages missing). Building SQLite may take a minute or two.`,
    command,
    args,
    'Check the network connection; SQLite is compiled when no ready-made build can be fetched, which needs python3, make and g++.',
  );
}

if (!isBuilt()) {
  // Without its output the compiler's memory of what it wrote is wrong.
  if (!existsSync(ENTRY)) rmSync(join(DIST, '.tsbuildinfo'), { force: true });
  const startedMs = Date.now();
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await step(
    'Building the exporter.',
    process.execPath,
    [compiler, '-p', join(EXPORTER, 'tsconfig.json')],
    'See the messages above.',
  );
  // The stamp tells when the build began: what was edited meanwhile may have been missed.
  writeFileSync(STAMP, '');
  utimesSync(STAMP, startedMs / 1_000, startedMs / 1_000);
}

process.exitCode = await run(process.execPath, ['--enable-source-maps', ENTRY, ...process.argv.slice(2)]);
