// Records 0.1.0-fifty-models.sqlite.gz with the built program of that release, run as its users ran it: a process with a
// configuration file, asked over HTTP. What it last said of itself is kept beside it, for the upgrade to be compared with.
//   node record-fifty-models.mjs <checkout of release 0.1.0 with exporter/dist> [minutes]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

const checkout = resolve(process.argv[2]);
const MINUTES = Number(process.argv[3] ?? 5);
const PROBED = 30;
const LOGGED = 20;
const PORT = 19_950;
const KEY = `mlfi_AAAAAAAAAAAA_${'A'.repeat(43)}`;
const ADA = 'ada-0123456789012345678901234567890';
const require = createRequire(join(checkout, 'package.json'));
const sqlite3 = require('sqlite3');
const directory = mkdtempSync(join(tmpdir(), 'mlfi-fifty-'));
const tell = (text) => console.error(`${new Date().toISOString()} ${text}`);

const name = (kind, i) => `${kind}-${String(i).padStart(2, '0')}`;
const RECOVERS = name('probed', 3);
const STAYS_DOWN = name('probed', 7);
const DRIFTS = name('logged', 5);
const down = new Set();
const answerOf = ({ age, income }) => (age > 40 && income > 30 ? 'yes' : 'no');

const models = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const answer = (status, value) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method !== 'POST') return answer(404, {});
    if (down.has(request.url.slice(1))) return answer(503, { error: 'busy' });
    const asked = JSON.parse(body);
    if (typeof asked.age !== 'number' || typeof asked.income !== 'number')
      return answer(422, { detail: 'age and income are needed' });
    return answer(200, { prediction: answerOf(asked), confidence: 0.6 + ((asked.age * 7) % 40) / 100, model_version: 'v2' });
  });
});
await new Promise((done) => models.listen(0, '127.0.0.1', done));
const urlOf = (id) => `http://127.0.0.1:${models.address().port}/${id}`;

const probed = Array.from({ length: PROBED }, (_, i) => name('probed', i));
const logged = Array.from({ length: LOGGED }, (_, i) => name('logged', i));
const asking = { connector: 'rest', payloads: [{ age: 30, income: 50 }, { age: 60, income: 50 }], golden_inputs: [{ age: 30, income: 50 }] };
const file = join(directory, 'mlfi.yml');
// JSON is YAML.
writeFileSync(
  file,
  JSON.stringify({
    data_dir: directory,
    listen: { address: '127.0.0.1', port: PORT },
    egress: { allow_cidrs: ['127.0.0.0/8'] },
    api_keys: [{ name: 'recorder', scopes: ['read', 'ingest', 'operate', 'propose', 'admin'], key: KEY }],
    identity: { local_people: [{ login: 'ada', name: 'Ada', token: ADA }] },
    probing: { interval: '4s', timeout: '1s', probes_per_cycle: 5 },
    baseline: { minimum_samples: 150 },
    paging: { season: 'none' },
    windows: { length: '30s', evaluate_every: '5s' },
    logging: { level: 'warn' },
    models: [
      ...probed.map((id, i) => ({ id, url: urlOf(id), ...asking, owner: `team-${i % 4}`, tags: [`tier-${i % 3}`] })),
      ...logged.slice(0, 15).map((id) => ({ id })),
    ],
  }),
);
const program = spawn(process.execPath, [join(checkout, 'exporter/dist/src/cli/mlfi.js'), 'serve', '--config', file], { stdio: 'inherit' });
const exited = new Promise((done) => program.once('exit', done));
process.on('exit', () => program.kill('SIGKILL'));

async function call(method, path, body, bearer = KEY) {
  const response = await fetch(`http://127.0.0.1:${PORT}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
for (let attempt = 0; ; attempt += 1) {
  if (await fetch(`http://127.0.0.1:${PORT}/-/ready`).then(({ ok }) => ok, () => false)) break;
  if (attempt > 300) throw new Error('it is not ready');
  await sleep(200);
}
// It said that it was ready before it had its models.
while ((await call('GET', '/api/v1/models')).models.length < PROBED + 15) await sleep(200);
for (const id of logged.slice(15)) await call('POST', '/api/v1/models', { id, owner: 'team-logs' });
await call('POST', '/api/v1/keys', { name: 'shipper', scopes: ['ingest'] });
tell('50 models are watched');

const beganMs = Date.now();
const seconds = () => (Date.now() - beganMs) / 1_000;
const shares = [['down', 0.45], ['back', 0.65], ['silent', 0.8]].map(([what, share]) => [what, share * MINUTES * 60]);
const due = new Map(shares);
const rowsOf = (i, round) =>
  Array.from({ length: 20 }, (_, k) => {
    const features = { age: 20 + ((k * 37 + round * 11 + i) % 60), income: 20 + ((k * 53 + round * 7) % 80), channel: ['web', 'shop', 'phone'][(k + round) % 3] };
    if (logged[i] === DRIFTS && seconds() > due.get('down')) features.income = null;
    const right = answerOf(features);
    return {
      prediction_id: `p-${i}-${round}-${k}`,
      features,
      prediction: right,
      confidence: 0.6 + ((k * 7 + round) % 40) / 100,
      latency_ms: 5 + ((k + round) % 9),
      model_version: 'v2',
      ...(i % 2 === 0 ? { label: k % 10 === 0 ? 'yes' : right } : {}),
    };
  });
for (let round = 0; seconds() < MINUTES * 60; round += 1) {
  const startedMs = Date.now();
  for (let i = 0; i < LOGGED; i += 1) {
    await call('POST', `/api/v1/models/${logged[i]}/observations?batch_id=b-${round}`, rowsOf(i, round));
    // Every second model's answers are labelled late, some of them.
    if (i % 2 === 1 && round > 0)
      await call('POST', `/api/v1/models/${logged[i]}/labels`, Array.from({ length: 6 }, (_, k) => ({ prediction_id: `p-${i}-${round - 1}-${k}`, label: k === 0 ? 'yes' : 'no' })));
  }
  if (due.has('down') && seconds() > due.get('down') && down.size === 0 && due.has('back')) {
    down.add(RECOVERS).add(STAYS_DOWN);
    tell('two models are down, one loses a feature');
    await call('POST', '/api/v1/alerts/alertmanager', {
      version: '4',
      alerts: [{ status: 'firing', labels: { alertname: 'Checkout', model: RECOVERS }, annotations: { summary: 'Checkout complains' }, startsAt: new Date().toISOString(), endsAt: '0001-01-01T00:00:00Z', fingerprint: 'f1' }],
    });
  }
  if (due.has('back') && seconds() > due.get('back')) {
    due.delete('back');
    down.delete(RECOVERS);
    tell('one is back');
    const { recommendations } = await call('GET', `/api/v1/recommendations?model=${STAYS_DOWN}&limit=100`);
    const [pending] = recommendations.filter(({ state }) => state === 'pending');
    if (pending !== undefined)
      await call('POST', '/api/v1/votes', { recommendation_id: pending.id, verdict: 'reject', digest: pending.digest, reason: 'not this one' }, ADA);
  }
  await sleep(Math.max(0, 5_000 - (Date.now() - startedMs)));
}
// What is probed counts on until the end: only what is logged can be compared to the last row.
await sleep(8_000);
const fleet = (await call('GET', '/api/v1/models')).models.map(({ id, total_samples, baseline, verdict, owner, tags }) => ({ id, total_samples, baseline, verdict, owner, tags }));
const incidents = (await call('GET', '/api/v1/incidents?limit=100')).incidents.map(({ id, modelId, openedAtMs, closedAtMs }) => ({ id, modelId, openedAtMs, closedAtMs }));
const recommendations = (await call('GET', '/api/v1/recommendations?limit=100')).recommendations.map(({ id, digest, state, action }) => ({ id, digest, state, action }));
const lessons = (await call('GET', '/api/v1/lessons')).lessons?.length ?? 0;
const audit = await call('GET', '/api/v1/audit/verify');
program.kill('SIGTERM');
tell(`ended with ${await exited}`);
models.close();

const open = () => new Promise((done, fail) => { const db = new sqlite3.Database(join(directory, 'mlfi.sqlite'), (error) => (error ? fail(error) : done(db))); });
const db = await open();
await new Promise((done, fail) => db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE; VACUUM;', (error) => (error ? fail(error) : done())));
await new Promise((done) => db.close(done));
const packed = gzipSync(readFileSync(join(directory, 'mlfi.sqlite')), { level: 9 });
const at = (ending) => join(import.meta.dirname, `0.1.0-fifty-models.${ending}`);
writeFileSync(at('sqlite.gz'), packed);
writeFileSync(at('json'), `${JSON.stringify({ recordedAtMs: Date.now(), models: fleet, incidents, recommendations, lessons, audit }, null, 1)}\n`);
tell(`${packed.length} bytes; ${incidents.length} incidents, ${recommendations.length} recommendations, ${lessons} lessons, ${JSON.stringify(audit)}`);
rmSync(directory, { recursive: true, force: true });
