#!/usr/bin/env node
// `npm test`: installs what the tests need and runs them all, step by step. `npm test -- unit lint` runs some.
// Plain JavaScript for Node 20.19 without dependencies: at first nothing is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import {
  continueOnNewerNode,
  install as installPackages,
  keepsMachineNode,
  lacksNode,
  readJson,
  ROOT as root,
  run,
} from '../exporter/demo/node24.mjs';

// What is started anew on our Node counts from here as well.
const begunMs = Number((process.env.NPM_TEST_BEGUN_MS ??= String(Date.now())));
// Before anything else; what is called here may not use the constants below.
if (lacksNode()) await install();
await continueOnNewerNode();

const onCi = process.env.CI === 'true';
const venv = join(root, '.venv');
const python = join(venv, 'bin', 'python');
const reports = mkdtempSync(join(tmpdir(), 'mlfi-test-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
/** What the closing lines repeat: everything that did not run, and why, and what failed. */
const notRun = [];
const failures = [];

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const npm = (...args) => run('npm', args);
const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(0)} s`;

function newer(a, b) {
  return !existsSync(b) || statSync(a).mtimeMs > statSync(b).mtimeMs;
}

/** Says that something cannot run. Gives the exit code: on CI everything has to. */
function notice(text) {
  console.log(`NOTICE: ${text}`);
  notRun.push(text);
  return onCi ? 1 : 0;
}

/** The packages of package-lock.json, with the Node that all steps run on. */
async function install() {
  const modules = join(root, 'node_modules');
  const complete = ['webpack', 'vitest', 'node'].every((name) => existsSync(join(modules, name))) && !lacksNode();
  if (complete && !newer(join(root, 'package-lock.json'), join(modules, '.package-lock.json'))) {
    console.log('node_modules is complete and up to date');
    return 0;
  }
  const node = keepsMachineNode ? '' : `, Node ${readJson(root, 'package.json').devDependencies.node} among them`;
  console.log(`Installing into node_modules, with npm ci: the packages of package-lock.json${node}`);
  return installPackages('--loglevel', 'error');
}

/** Installs Debian packages on this machine, having said which. Gives the exit code. */
async function debian(purpose, packages) {
  if (packages.length === 0) return 0;
  const command = `apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !has('apt-get')) return notice(`${purpose} need: ${command}`);
  console.log(`Installing on this machine, as root, what ${purpose} need: ${command}`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], quiet);
  const code = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet);
  return code === 0 ? 0 : notice(`${purpose} need what could not be installed: ${command}`);
}

/** What is fetched from elsewhere is fetched once, and begun while others use the processor. */
const once = (work) => {
  let begun = null;
  return () => (begun ??= work());
};

/** The real servers: Debian's, then Python's. */
const servers = once(async () => {
  const needs = {
    postgresql: spawnSync('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/initdb']).status !== 0,
    prometheus: !has('prometheus') || !has('promtool'),
    'prometheus-alertmanager': !has('prometheus-alertmanager') || !has('amtool'),
    'default-jre-headless': !has('java'),
    maven: !has('mvn'),
    'python3-venv': spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0,
  };
  const missing = Object.keys(needs).filter((name) => needs[name]);
  const code = await debian('the tests on real servers', missing);
  if (code !== 0) return code;
  const kafka = await kafkaJars();
  return kafka === 0 ? pythonEnvironment() : kafka;
});

/** Kafka's jars, fetched once per pom.xml. */
async function kafkaJars() {
  const pom = join(root, 'test', 'integration', 'servers', 'kafka', 'pom.xml');
  const folder = join(root, '.cache', 'kafka');
  const stamp = join(folder, 'pom.sha256');
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    console.log('.cache/kafka is up to date');
    return 0;
  }
  console.log('Installing into .cache/kafka, with mvn: the broker of test/integration/servers/kafka/pom.xml');
  rmSync(folder, { recursive: true, force: true });
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  if ((await run('mvn', ['-q', '-B', '-f', pom, ...copy])) === 0) {
    writeFileSync(stamp, digest);
    return 0;
  }
  return notice('Kafka could not be fetched; tests on it are skipped');
}

/** A Python virtual environment with real model servers, made once per requirements file. */
async function pythonEnvironment() {
  const requirements = join(root, 'test', 'integration', 'requirements.txt');
  const stamp = join(venv, 'requirements.sha256');
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) {
    console.log('.venv is up to date');
    return 0;
  }
  const wanted = readFileSync(requirements, 'utf8').trim().split('\n').join(', ');
  console.log(`Installing into .venv, with pip: ${wanted}`);
  const made = (await run('python3', ['-m', 'venv', venv])) === 0;
  const installed =
    made &&
    (await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])) === 0;
  if (installed) {
    writeFileSync(stamp, digest);
    return 0;
  }
  return notice('.venv could not be made; tests on Python model servers are skipped');
}

/** Vitest with a JSON report beside its output, so that the closing line can count. */
async function vitest(project) {
  const report = join(reports, `${project}.json`);
  const environment = existsSync(join(venv, 'requirements.sha256')) ? { MLFI_PYTHON: python } : {};
  const code = await run(
    'npx',
    ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    environment,
  );
  tally(report);
  return code;
}

/** Counts a report of Vitest or Jest. */
function tally(report) {
  if (!existsSync(report)) return;
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = readJson(report);
  counts.passed += numPassedTests;
  counts.failed += numFailedTests;
  counts.skipped += numPendingTests + numTodoTests;
  for (const { name, status: ofFile, message, assertionResults } of testResults) {
    const skipped = assertionResults.filter(({ status }) => !['passed', 'failed'].includes(status));
    if (skipped.length > 0) notRun.push(`${skipped.length} skipped in ${relative(root, name)}`);
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      tell(`${relative(root, name)} › ${fullName}`, failureMessages.join('\n'));
    if (ofFile === 'failed' && failed.length === 0) tell(relative(root, name), message);
  }
}

/** Keeps a failure for the closing lines, where a log that was cut still shows it. */
function tell(name, message) {
  const lines = stripVTControlCharacters(message).split('\n');
  const ours = lines.filter((line) => line.trim() !== '' && !line.includes('node_modules'));
  failures.push([name, ...ours.slice(0, 6)].map((line) => line.trim().slice(0, 200)).join('\n    '));
}

/** The failed tests of a Playwright report's suite and of those within it. */
function tallyBrowser({ suites = [], specs = [] }) {
  for (const { file, title, ok, tests } of specs)
    if (!ok)
      tell(`${file} › ${title}`, tests.flatMap(({ results }) => results.map(({ error }) => error?.message)).join('\n'));
  suites.forEach(tallyBrowser);
}

async function plugin() {
  const report = join(reports, 'jest.json');
  const built = await npm('run', 'build', '-w', 'grafana-plugin');
  if (built !== 0) return built;
  const typed = await npm('run', 'typecheck', '-w', 'grafana-plugin');
  if (typed !== 0) return typed;
  const code = await npm('test', '-w', 'grafana-plugin', '--', '--json', `--outputFile=${report}`);
  tally(report);
  return code;
}

/** Grafana 12.4's shared packages for the second host: a lock file of their own, so that two sets of React never mix. */
const hostOnReact18 = once(async () => {
  const folder = join(root, 'grafana-plugin', 'host', 'react-18');
  if (!newer(join(folder, 'package-lock.json'), join(folder, 'node_modules', '.package-lock.json'))) {
    console.log('the packages of the React 18 host are up to date');
    return 0;
  }
  console.log(`Installing into ${relative(root, folder)}, with npm ci: the packages of its own package-lock.json`);
  return npm('ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund');
});

/** The linter, and whether what is generated is current; it leaves a processor free for what later steps need. */
async function lint() {
  // Each step that needs one of them waits for it, and tells what failed.
  const fetching = async () => {
    if (isWanted('servers')) await servers();
    if (isWanted('browser')) await hostOnReact18();
  };
  fetching().catch(() => undefined);
  const same = await npm('run', 'types', '-w', 'grafana-plugin', '--', '--check');
  const code = await npm('run', 'lint');
  return code === 0 ? same : code;
}

/** The browser journeys: the built plugin in its host, the real exporter behind it, in Chromium. */
async function browser() {
  if (!has('chromium')) {
    const code = await debian('the browser journeys', ['chromium']);
    if (code !== 0 || !has('chromium')) return code;
  }
  const react18 = await hostOnReact18();
  if (react18 !== 0) return react18;
  const code = await npm('run', 'e2e', '-w', 'grafana-plugin');
  const report = join(root, 'grafana-plugin', 'artifacts', 'browser.json');
  if (existsSync(report)) {
    const results = readJson(report);
    const { expected, flaky, unexpected, skipped } = results.stats;
    tallyBrowser(results);
    counts.passed += expected + flaky;
    counts.failed += unexpected;
    counts.skipped += skipped;
    if (skipped > 0) notRun.push(`${skipped} skipped in grafana-plugin/tests`);
  }
  return code;
}

const STEPS = {
  install,
  build: () => npm('run', 'build', '-w', 'exporter'),
  typecheck: () => npm('run', 'typecheck'),
  lint,
  unit: () => vitest('unit'),
  accuracy: () => vitest('accuracy'),
  servers,
  integration: () => vitest('integration'),
  load: () => vitest('load'),
  hostile: () => vitest('hostile'),
  plugin,
  browser,
};

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.includes(name);
const unknown = wanted.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}
console.log(`Node ${process.versions.node} (${process.execPath}) runs the steps and all they start`);
/** What later steps stand on; after any other that fails, the rest is run all the same, so that one look shows all. */
const NEEDED = new Set(['install', 'build', 'servers']);
const failedSteps = [];
const durations = [];
for (const [name, step] of Object.entries(STEPS)) {
  if (!isWanted(name)) continue;
  const startedMs = Date.now();
  console.log(`\n=== ${name}`);
  const code = await step();
  console.log(`=== ${name}: ${code === 0 ? 'ok' : `failed (${code})`} in ${seconds(startedMs)}`);
  durations.push(`${name} ${seconds(startedMs)}`);
  if (code === 0) continue;
  failedSteps.push(name);
  if (NEEDED.has(name)) break;
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n=== in all ${seconds(begunMs)}: ${durations.join(', ')}`);
if (notRun.length > 0) console.log(`Not run:\n${notRun.map((text) => `  ${text}`).join('\n')}`);
if (failures.length > 0) console.log(`Failed:\n${failures.map((text) => `  ${text}`).join('\n')}`);
if (failedSteps.length > 0) console.log(`FAILED at ${failedSteps.join(', ')}`);
// A step may fail without a failing test: the linter, a test file that cannot be loaded.
const failed = failedSteps.length === 0 ? counts.failed : Math.max(counts.failed, 1);
const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
process.exit(failedSteps.length === 0 ? 0 : 1);
