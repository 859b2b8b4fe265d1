#!/usr/bin/env node
// `npm test`: installs what the tests need and runs them all, step by step. `npm test -- unit lint` runs some.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const onCi = process.env.CI === 'true';
const venv = join(root, '.venv');
const python = join(venv, 'bin', 'python');
const reports = mkdtempSync(join(tmpdir(), 'mlfi-test-'));
const counts = { passed: 0, failed: 0 };

/** Runs a command with its output shown as it comes. Resolves to its exit code. */
function run(command, args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const npm = (...args) => run('npm', args);
const newer = (a, b) => !existsSync(b) || statSync(a).mtimeMs > statSync(b).mtimeMs;

async function install() {
  const stamp = join(root, 'node_modules', '.package-lock.json');
  const complete =
    existsSync(join(root, 'node_modules', 'webpack')) && existsSync(join(root, 'node_modules', 'vitest'));
  if (complete && !newer(join(root, 'package-lock.json'), stamp)) {
    console.log('node_modules is complete and up to date');
    return 0;
  }
  return npm('ci');
}

/** Debian packages of the real servers. Without root it is said what to install; on CI that is a failure. */
async function servers() {
  const missing = spawnSync('sh', ['-c', 'ls /usr/lib/postgresql/*/bin/initdb']).status === 0 ? [] : ['postgresql'];
  missing.push(...['prometheus', 'prometheus-alertmanager'].filter((name) => !has(name)));
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) missing.push('python3-venv');
  if (!has('promtool')) missing.push('prometheus');
  if (!has('amtool')) missing.push('prometheus-alertmanager');
  if (missing.length > 0) {
    if (process.getuid?.() !== 0 || !has('apt-get')) {
      console.log(`NOTICE: the tests on real servers need: apt-get install ${missing.join(' ')}`);
      return onCi ? 1 : 0;
    }
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], quiet);
    if ((await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], quiet)) !== 0 && onCi)
      return 1;
  }
  return pythonEnvironment();
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
  const made = (await run('python3', ['-m', 'venv', venv])) === 0;
  const installed =
    made &&
    (await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])) === 0;
  if (installed) {
    writeFileSync(stamp, digest);
    return 0;
  }
  console.log('NOTICE: .venv could not be made; tests on Python model servers are skipped');
  return onCi ? 1 : 0;
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

function tally(report) {
  if (!existsSync(report)) return;
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
  counts.passed += numPassedTests;
  counts.failed += numFailedTests;
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
async function hostOnReact18() {
  const folder = join(root, 'grafana-plugin', 'host', 'react-18');
  if (!newer(join(folder, 'package-lock.json'), join(folder, 'node_modules', '.package-lock.json'))) {
    console.log('the packages of the React 18 host are up to date');
    return 0;
  }
  return npm('ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund');
}

/** The browser journeys: the built plugin in its host, the real exporter behind it, in Chromium. */
async function browser() {
  if (!has('chromium')) {
    if (process.getuid?.() !== 0 || !has('apt-get')) {
      console.log('NOTICE: the browser journeys need: apt-get install chromium');
      return onCi ? 1 : 0;
    }
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-qq'], quiet);
    const installed = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], quiet);
    if (installed !== 0) return onCi ? 1 : 0;
  }
  const react18 = await hostOnReact18();
  if (react18 !== 0) return react18;
  const same = await npm('run', 'types', '-w', 'grafana-plugin', '--', '--check');
  if (same !== 0) return same;
  const code = await npm('run', 'e2e', '-w', 'grafana-plugin');
  const report = join(root, 'grafana-plugin', 'artifacts', 'browser.json');
  if (existsSync(report)) {
    const { expected, flaky, unexpected } = JSON.parse(readFileSync(report, 'utf8')).stats;
    counts.passed += expected + flaky;
    counts.failed += unexpected;
  }
  return code;
}

const STEPS = {
  install,
  build: () => npm('run', 'build', '-w', 'exporter'),
  typecheck: () => npm('run', 'typecheck'),
  lint: () => npm('run', 'lint'),
  unit: () => vitest('unit'),
  accuracy: () => vitest('accuracy'),
  servers,
  integration: () => vitest('integration'),
  plugin,
  browser,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}
mkdirSync(reports, { recursive: true });
let failedStep = null;
for (const [name, step] of Object.entries(STEPS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedAt = Date.now();
  console.log(`\n=== ${name}`);
  const code = await step();
  console.log(
    `=== ${name}: ${code === 0 ? 'ok' : `failed (${code})`} in ${((Date.now() - startedAt) / 1000).toFixed(0)} s`,
  );
  if (code !== 0) {
    failedStep = name;
    break;
  }
}
rmSync(reports, { recursive: true, force: true });
if (failedStep !== null) console.log(`\nFAILED at ${failedStep}`);
console.log(`${counts.passed} passed, ${Math.max(counts.failed, failedStep === null ? 0 : counts.failed)} failed`);
process.exit(failedStep === null ? 0 : 1);
