// Makes 0.1.0.sqlite.gz with the service of that release: node --import tsx make-0.1.0.mjs <checkout of release 0.1.0>
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';

const checkout = resolve(process.argv[2]);
const from = (path) => import(join(checkout, path));
const { parseConfig } = await from('exporter/src/config/load.ts');
const { startService } = await from('exporter/src/main.ts');
const { startDemoModels } = await from('exporter/demo/server.ts');
const { seededRandom } = await from('exporter/src/system/seeded-random.ts');
const { systemClock } = await from('exporter/src/system/system-clock.ts');
const { modelId } = await from('exporter/src/domain/identifiers.ts');
const require = createRequire(join(checkout, 'package.json'));

const directory = mkdtempSync(join(tmpdir(), 'mlfi-fixture-'));
const ADA = 'ada-0123456789012345678901234567890';
const GRACE = 'grace-0123456789012345678901234567';

const listen = async (handle) => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { status, answer } = handle(body, request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
};
let down = false;
const answerOf = ({ age, income }) => (age > 40 && income > 30 ? 'yes' : 'no');
const fraud = await listen((body, { method }) => {
  if (method !== 'POST') return { status: 404, answer: {} };
  if (down) return { status: 503, answer: { error: 'busy' } };
  const asked = JSON.parse(body);
  return typeof asked.age === 'number' && typeof asked.income === 'number'
    ? { status: 200, answer: { prediction: answerOf(asked), confidence: 0.9, model_version: 'v2' } }
    : { status: 422, answer: { detail: 'age and income are needed' } };
});
const receiver = await listen(() => ({ status: 200, answer: {} }));
const models = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(5) });
const listed = join(directory, 'listed.json');
writeFileSync(listed, JSON.stringify([{ targets: [models.urlOf('healthy')], labels: { model_name: 'listed' } }]));

const loaded = parseConfig(
  'fixture',
  JSON.stringify({
    data_dir: directory,
    listen: { address: '127.0.0.1', port: 0 },
    egress: { allow_cidrs: ['127.0.0.0/8'] },
    probing: { interval: '1s', timeout: '1s', probes_per_cycle: 5, golden_inputs: 3 },
    investigation: { timeout: '1s' },
    baseline: { minimum_samples: 100 },
    paging: { season: 'none' },
    windows: { length: '5s', evaluate_every: '1s' },
    logging: { level: 'error' },
    annotations: { grafana_url: 'http://127.0.0.1:9', token: 'a-grafana-token' },
    discovery: { files: [listed], refresh: '1s' },
    identity: {
      local_people: [
        { login: 'ada', name: 'Ada', token: ADA },
        { login: 'grace', name: 'Grace', token: GRACE },
      ],
    },
    governance: {
      break_glass: { enabled: true, users: ['ada'] },
      verification: { settle: '1s', hold: '2s', give_up: '10s' },
      webhooks: [
        { name: 'platform', url: `${receiver.url}/act`, actions: ['retrain', 'recalibrate', 'rollback', 'restart-endpoint'] },
      ],
    },
    models: [
      {
        id: 'fraud',
        url: `${fraud.url}/v1`,
        connector: 'rest',
        payloads: [{ age: 30, income: 50 }, { age: 60, income: 50 }],
        golden_inputs: [{ age: 30, income: 50 }, { age: 60, income: 50 }],
        owner: 'team-risk',
        tags: ['gold'],
      },
      { id: 'prices' },
    ],
  }),
  {},
  directory,
);
if (loaded.kind === 'refused') throw new Error(JSON.stringify(loaded.problems));
const service = await startService(loaded.config);
const call = async (method, path, body, bearer = service.firstKey, expected = 299) => {
  const response = await fetch(`${service.address}${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.status > expected) throw new Error(`${method} ${path} ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
};
const eventually = async (what, timeoutMs, look) => {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > until) throw new Error(`${what} did not happen`);
    await new Promise((done) => setTimeout(done, 200));
  }
};
const tell = (text) => console.error(`${new Date().toISOString()} ${text}`);

await call('POST', '/api/v1/models', { id: 'low-confidence', url: models.urlOf('low-confidence') });
const applicants = (count, salt) =>
  Array.from({ length: count }, (_, i) => ({ age: 20 + ((i * 37 + salt) % 60), income: 20 + ((i * 53 + salt) % 80) }));
const channel = ['web', 'shop', 'phone'];
const events = (count, salt, late) =>
  applicants(count, salt).map((features, i) => ({
    prediction_id: `p-${salt}-${i}`,
    features: { ...features, channel: channel[i % 3], note: i % 7 === 0 ? null : 'x' },
    prediction: answerOf(features),
    confidence: 0.6 + ((i * 7) % 40) / 100,
    latency_ms: 5 + (i % 9),
    model_version: 'v2',
    ...(late ? {} : { label: i % 10 === 0 ? 'yes' : answerOf(features) }),
  }));
for (let batch = 0; batch < 6; batch += 1) {
  await call('POST', `/api/v1/models/fraud/observations?batch_id=batch-${batch}`, events(200, batch, false));
  // A model known from its log alone, with numbers as answers.
  await call(
    'POST',
    '/api/v1/models/prices/observations',
    applicants(60, batch).map(({ age, income }, i) => ({
      prediction_id: `q-${batch}-${i}`,
      features: { age, income },
      prediction: age * 2 + income,
      label: age * 2 + income + (i % 5),
    })),
  );
  await new Promise((done) => setTimeout(done, 1_000));
}
await call('POST', '/api/v1/models/fraud/observations', events(50, 90, true));
await call(
  'POST',
  '/api/v1/models/fraud/labels',
  Array.from({ length: 20 }, (_, i) => ({ prediction_id: `p-90-${i}`, label: 'no' })),
);
tell('observations are in');
await eventually('a baseline of fraud', 90_000, async () => (await service.application.store.baselines.current(modelId('fraud'))) !== null);
tell('fraud is learnt');
const candidate = fraud;
await call('POST', '/api/v1/models/fraud/validations', { candidate_url: `${candidate.url}/v2`, samples: 60 });
await eventually('the validation', 30_000, async () => {
  const { validations } = await call('GET', '/api/v1/models/fraud/validations');
  return validations.some(({ state }) => state !== 'running');
});
tell('validated');

down = true;
await call('POST', '/api/v1/alerts/alertmanager', {
  version: '4',
  alerts: [
    { status: 'firing', labels: { alertname: 'Checkout', model: 'fraud' }, annotations: { summary: 'Checkout complains' }, startsAt: new Date().toISOString(), endsAt: '0001-01-01T00:00:00Z', fingerprint: 'f1' },
    { status: 'firing', labels: { alertname: 'Nobody', instance: 'x' }, annotations: {}, startsAt: '2026-11-24T12:00:00Z', endsAt: '0001-01-01T00:00:00Z', fingerprint: 'f2' },
  ],
});
const incidentOf = (model, open) =>
  eventually(`an incident of ${model}`, 60_000, async () => {
    const { incidents } = await call('GET', `/api/v1/incidents?model=${model}&open=${open}`);
    return incidents[0] ?? null;
  });
const broken = await incidentOf('fraud', true);
tell(`fraud is down: ${broken.id}`);
await new Promise((done) => setTimeout(done, 4_000));
await call('POST', '/api/v1/opinions', { incident_id: broken.id, useful: true, reason: 'it was down' }, ADA);
await call('POST', '/api/v1/opinions', { incident_id: broken.id, useful: false, reason: 'the shop was closed' }, GRACE);
down = false;
await call('POST', '/api/v1/alerts/alertmanager', {
  version: '4',
  alerts: [
    { status: 'resolved', labels: { alertname: 'Checkout', model: 'fraud' }, annotations: { summary: 'Checkout complains' }, startsAt: '2026-11-24T13:00:00Z', endsAt: '2026-11-24T13:05:00Z', fingerprint: 'f3' },
  ],
});
const low = await incidentOf('low-confidence', true);
tell(`low-confidence: ${low.id}`);
const records = async () => (await call('GET', `/api/v1/recommendations?model=low-confidence&limit=100`)).recommendations;
await eventually('two proposals', 30_000, async () => (await records()).length >= 2);
const listOf = await records();
tell(listOf.map(({ action, state, plan }) => `${action} ${state} ${plan === null ? '-' : 'plan'}`).join(', '));
const planned = listOf.find(({ plan, state }) => plan !== null && state === 'pending');
const advice = listOf.filter(({ id, state }) => id !== planned.id && state === 'pending');
await call('POST', '/api/v1/votes', {
  recommendation_id: planned.id, verdict: 'approve', digest: planned.digest,
  reason: 'users wait for answers and nobody else is awake', break_glass: { ticket: 'OPS-1' },
}, ADA).catch(async (error) => {
  tell(String(error));
  await call('POST', '/api/v1/votes', { recommendation_id: planned.id, verdict: 'approve', digest: planned.digest, reason: 'it helped before' }, ADA);
});
if (advice.length > 1)
  await call('POST', '/api/v1/votes', { recommendation_id: advice[0].id, verdict: 'reject', digest: advice[0].digest, reason: 'not this one' }, GRACE);
await call('PUT', '/api/v1/kill-switch', { on: true, reason: 'year-end' }, ADA);
await call('PUT', '/api/v1/kill-switch', { on: false, reason: 'over' }, ADA);
await call('POST', '/api/v1/keys', { name: 'shipper', scopes: ['ingest'] });
await call('POST', '/api/v1/learning/reset', { reason: 'fixture' }, ADA).catch((error) => tell(String(error)));
await call('GET', '/api/v1/learning');
await incidentOf('fraud', false);
tell('fraud closed');
await call('POST', '/api/v1/models/fraud/observations', events(100, 91, true));
await new Promise((done) => setTimeout(done, 12_000));
const { status, ...rest } = await call('GET', `/api/v1/recommendations/${planned.id}`);
tell(JSON.stringify(rest).slice(0, 600));
await service.close();
await models.close();
receiver.server.close();
fraud.server.close();

const sqlite3 = require('sqlite3');
const { readdirSync } = await import('node:fs');
tell(readdirSync(directory).join(' '));
const file = join(directory, 'mlfi.sqlite');
await new Promise((done, fail) => {
  const database = new sqlite3.Database(file, (opened) => {
    if (opened) return fail(opened);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE; VACUUM;', (error) => {
      if (error) return fail(error);
      database.all("select name from sqlite_master where type='table'", (_, tables) => {
        let left = tables.length;
        for (const { name } of tables)
          database.get(`select count(*) n from "${name}"`, (__, row) => {
            tell(`${name} ${row?.n}`);
            left -= 1;
            if (left === 0) database.close(done);
          });
      });
    });
  });
});
const packed = gzipSync(readFileSync(file), { level: 9 });
writeFileSync(join(import.meta.dirname, '0.1.0.sqlite.gz'), packed);
tell(`${packed.length} bytes`);
rmSync(directory, { recursive: true, force: true });
process.exit(0);
