// `npm run demo`: makes the demo runnable, then runs it. Plain JavaScript without dependencies: nothing is installed yet.
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { continueOnNewerNode, install, keepsMachineNode, lacksNode, readJson, ROOT, run, tooOld } from './node24.mjs';
import { USAGE } from './usage.mjs';

if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
  console.log(USAGE);
  process.exit(0);
}

const EXPORTER = join(ROOT, 'exporter');
const DIST = join(EXPORTER, 'dist');
const ENTRY = join(DIST, 'demo', 'demo.js');
const STAMP = join(DIST, '.demo-built');
const HEARTBEAT_MS = 10_000;

/** Names of packages the exporter needs that are absent or of another version than the lockfile's. */
function missingPackages() {
  const locked = readJson(ROOT, 'package-lock.json').packages;
  const { dependencies, devDependencies } = readJson(EXPORTER, 'package.json');
  const wanted = [...Object.keys({ ...dependencies, ...devDependencies }), 'typescript', '@types/node'];
  if (!keepsMachineNode) wanted.push('node');
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

/** Does one thing with its output shown; says every ten seconds that it still runs. Ends this process when it fails. */
async function step(what, action, remedy) {
  console.log(what);
  const startedMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1_000)} s`;
  const heartbeat = setInterval(() => console.log(`  … still at it, ${seconds()}`), HEARTBEAT_MS);
  const code = await action();
  clearInterval(heartbeat);
  if (code === 0) {
    console.log(`  done in ${seconds()}`);
    return;
  }
  console.error(`  failed (exit code ${code}). ${remedy}`);
  process.exit(1);
}

const missing = missingPackages();
if (missing.length > 0 || lacksNode()) {
  await step(
    `Installing what the exporter needs into node_modules (packages missing: ${missing.length}). Building SQLite may take a minute or two.`,
    () =>
      install('--workspace', 'exporter', '--include-workspace-root', '--no-audit', '--no-fund', '--loglevel', 'error'),
    `Check the network connection; SQLite is compiled when no ready-made build can be fetched, which needs python3, make and g++. ${tooOld}`,
  );
}
await continueOnNewerNode();

if (!isBuilt()) {
  // Without its output the compiler's memory of what it wrote is wrong.
  if (!existsSync(ENTRY)) rmSync(join(DIST, '.tsbuildinfo'), { force: true });
  const startedMs = Date.now();
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await step(
    `Building the exporter on Node ${process.versions.node}.`,
    () => run(process.execPath, [compiler, '-p', join(EXPORTER, 'tsconfig.json')]),
    'See the messages above.',
  );
  // The stamp tells when the build began: what was edited meanwhile may have been missed.
  writeFileSync(STAMP, '');
  utimesSync(STAMP, startedMs / 1_000, startedMs / 1_000);
}

process.exitCode = await run(process.execPath, ['--enable-source-maps', ENTRY, ...process.argv.slice(2)]);
