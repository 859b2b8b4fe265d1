import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually } from './running-service.js';
import { startFileServer, type FileServer, type Served } from './servers/file-server.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const ROOT = join(import.meta.dirname, '../..');
const KEY = `mlfi_${'a'.repeat(12)}_${'b'.repeat(43)}`;
const SECRET = 'Bearer warehouse-canary-7391';
const execute = promisify(execFile);
const START_MS = Date.parse('2026-01-01');

/** Rows a minute apart. */
const table = (rows: number, word = 'DE'): Buffer =>
  Buffer.from(
    `id,timestamp,age,country,prediction,confidence\n${Array.from({ length: rows }, (_, i) => `r${i},${new Date(START_MS + i * 60_000).toISOString()},${20 + (i % 60)},${i % 7 ? word : 'FR'},${i % 3 ? 'no' : 'yes'},0.${50 + (i % 50)}\n`).join('')}`,
  );
const importsSchema = z.object({
  under_way: z.boolean(),
  progress: z.object({ rows: z.number() }).nullable(),
  fetched: z
    .object({
      state: z.string(),
      rows: z.number(),
      share: z.number().nullable(),
      problem: z.string().nullable(),
      outcome: z.object({ progress: z.object({ rows: z.number() }) }).nullable(),
    })
    .nullable(),
});

describe('imports whose files mlfi fetches', () => {
  let folder: string;
  let port: number;
  let service: ServiceProcess;
  let files: FileServer;
  const start = async (): Promise<void> => {
    service = startServiceProcess(folder, port, {
      api_keys: [{ name: 'importer', scopes: ['read', 'ingest', 'operate', 'admin'], key: KEY }],
      secrets: { warehouse: { value: SECRET } },
      imports: { credentials: [{ address: `${files.address}/closed/`, authorization_secret: 'warehouse' }] },
      baseline: { minimum_samples: 500 },
    });
    await service.ready();
  };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-fetch-'));
    port = await freePort();
    files = await startFileServer();
    await start();
  });
  afterAll(async () => {
    service.child.kill('SIGKILL');
    await service.exited;
    await files.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const serve = (path: string, served: Served): string => {
    files.files.set(path, served);
    return `${files.address}${path}`;
  };
  const call = async (method: string, path: string, body?: object): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`${service.address}/api/v1/models${path}`, {
      method,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const imports = async (model: string): Promise<z.output<typeof importsSchema>> =>
    importsSchema.parse(JSON.parse((await call('GET', `/${model}/imports`)).text));
  const ended = (model: string): Promise<z.output<typeof importsSchema>> =>
    eventually('an end', 60_000, async () => {
      const found = await imports(model).catch(() => null);
      return found?.fetched?.state === 'running' || found?.fetched == null ? null : found;
    });
  const samples = async (model: string): Promise<number> =>
    z.object({ total_samples: z.number() }).parse(JSON.parse((await call('GET', `/${model}`)).text)).total_samples;
  const mlfi = async (...parameters: string[]): Promise<{ code: number; out: string; err: string }> => {
    const environment = { ...process.env, MLFI_URL: service.address, MLFI_TOKEN: KEY };
    const main = ['--import', 'tsx', join(ROOT, 'exporter/src/main.ts'), 'import'];
    return execute(process.execPath, [...main, ...parameters], { env: environment, cwd: ROOT }).then(
      ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        ...{ code: error.code, out: error.stdout, err: error.stderr },
      }),
    );
  };

  it('shows what it would read without a value, and imports it by the command; secrets are shown nowhere', async () => {
    const bytes = table(6_000);
    const address = `${serve('/closed/training.csv.gz', { bytes: gzipSync(bytes), ranges: true, etag: '"1"', authorization: SECRET })}?sig=signature-canary-55`;
    const shown = await mlfi(address, '--model', 'fetched', '--as', 'baseline', '--preview');
    expect(shown.err).toBe('');
    expect(shown.out).toMatch(
      /training\.csv\.gz\?sig=…: the first rows are read so; 5000 rows\n +id +prediction_id +text\n/,
    );
    expect(shown.out).toMatch(/age +feature +number\n +country +feature +text\n +prediction +prediction +text/);
    expect((await call('GET', '/fetched')).status).toBe(404);

    const trained = await mlfi(address, '--model', 'fetched', '--as', 'baseline', '--yes');
    expect([trained.code, trained.out], trained.err).toEqual([
      0,
      expect.stringContaining('6,000 rows are the baseline of "fetched"'),
    ]);
    expect(await imports('fetched')).toMatchObject({
      under_way: false,
      fetched: { state: 'finished', rows: 6_000, share: 1, outcome: { progress: { rows: 6_000 } } },
    });
    // The same file, from wherever: nothing of it is counted again.
    const local = join(folder, 'same.csv');
    writeFileSync(local, bytes);
    for (const path of [address, local]) {
      const again = await mlfi(path, '--model', 'fetched', '--as', 'baseline', '--yes');
      expect([again.code, again.out]).toEqual([0, expect.stringContaining('All of it had been imported before')]);
    }
    const stored = readdirSync(folder)
      .filter((name) => name.includes('sqlite'))
      .map((name) => readFileSync(join(folder, name), 'latin1'));
    const said = [shown, trained].flatMap(({ out, err }) => [out, err]);
    for (const text of [...said, ...stored, service.said(), (await call('GET', '/fetched/imports')).text])
      for (const canary of ['warehouse-canary', 'signature-canary']) expect(text).not.toContain(canary);
  });

  it('reads Parquet with parts and without, lines and a capture, as it reads CSV', async () => {
    await execute(process.env.MLFI_PYTHON ?? 'python3', [
      '-c',
      `import pandas as pd
d = pd.read_csv(${JSON.stringify(join(ROOT, 'test/data/adult/adult.data.csv.gz'))}, skipinitialspace=True).head(8000)
d["prediction"] = (d["education-num"] > 12).map({True: ">50K", False: "<=50K"})
d.to_csv(${JSON.stringify(join(folder, 'adult.csv'))}, index=False)
d.to_parquet(${JSON.stringify(join(folder, 'adult.parquet'))}, row_group_size=3000)
d.to_json(${JSON.stringify(join(folder, 'adult.ndjson'))}, orient="records", lines=True)`,
    ]);
    const [csv, parquet, lines] = ['csv', 'parquet', 'ndjson'].map((ending) =>
      readFileSync(join(folder, `adult.${ending}`)),
    );
    const kinds: readonly (readonly [string, string, Served])[] = [
      ['of-csv', '/adult.csv', { bytes: csv ?? Buffer.alloc(0) }],
      ['of-parts', '/adult.parquet', { bytes: parquet ?? Buffer.alloc(0), ranges: true, etag: '"1"' }],
      ['of-whole', '/export', { bytes: parquet ?? Buffer.alloc(0) }],
      ['of-lines', '/adult.ndjson', { bytes: lines ?? Buffer.alloc(0), ranges: true, etag: '"1"' }],
    ];
    const features: string[] = [];
    for (const [model, path, served] of kinds) {
      await call('POST', '', { id: model });
      const body = { files: [{ url: serve(path, served) }], as: 'baseline', map: 'Salary:label' };
      expect(await call('POST', `/${model}/imports/fetch`, body)).toMatchObject({ status: 202 });
      expect(await ended(model)).toMatchObject({ fetched: { state: 'finished', rows: 8_000, problem: null } });
      features.push((await call('GET', `/${model}/features`)).text.replaceAll(model, 'm'));
    }
    for (const each of features) expect(each).toBe(features[0]);
    const capture = Array.from({ length: 600 }, (_, i) => ({
      captureData: {
        endpointInput: { data: `${i % 50},${i % 7}`, encoding: 'CSV', observedContentType: 'text/csv', mode: 'INPUT' },
        endpointOutput: {
          data: `0.${100 + (i % 800)}`,
          encoding: 'CSV',
          observedContentType: 'text/csv',
          mode: 'OUTPUT',
        },
      },
      eventMetadata: { eventId: `e${i}`, inferenceTime: new Date(START_MS + i * 60_000).toISOString() },
      eventVersion: '0',
    }));
    const url = serve('/capture.jsonl', { bytes: Buffer.from(capture.map((row) => JSON.stringify(row)).join('\n')) });
    await call('POST', '', { id: 'capture' });
    await call('POST', '/capture/imports/fetch', { files: [{ url }], as: 'baseline' });
    expect(await ended('capture')).toMatchObject({ fetched: { state: 'finished', rows: 600, problem: null } });
  });

  it('counts every row once, though the server breaks off and mlfi is killed on the way', async () => {
    const bytes = table(30_000);
    const served: Served = { bytes, ranges: true, etag: '"1"', pauseMs: 120, cut: { afterBytes: 400_000, times: 2 } };
    const url = serve('/history.csv', served);
    const running = mlfi(url, '--model', 'killed', '--yes');
    const has = (least: number) =>
      eventually('rows', 60_000, async () =>
        ((await imports('killed').catch(() => null))?.progress?.rows ?? 0) >= least ? true : null,
      );
    await has(6_000);
    const { fetched } = await imports('killed');
    expect(fetched).toMatchObject({ state: 'running', problem: null });
    expect(fetched?.share).toBeGreaterThan(0);
    service.child.kill('SIGKILL');
    await service.exited;
    await start();
    const { code, out, err } = await running;
    expect([code, out], err).toEqual([0, expect.stringContaining('What mlfi would have told you about "killed"')]);
    expect(await samples('killed')).toBe(30_000);
  });

  it('does not go on with a file that was changed meanwhile, until the import is cancelled', async () => {
    // More than is held before the first rows are taken.
    const [before, after] = ['DE', 'GB'].map((word) => table(16_000, word.padEnd(600, 'x')));
    const served: Served = { bytes: before ?? Buffer.alloc(0), cut: { afterBytes: 8_700_000, times: 99 } };
    const url = serve('/changing.csv', served);
    await call('POST', '', { id: 'changing' });
    const body = { files: [{ url }], as: 'history' };
    await call('POST', '/changing/imports/fetch', body);
    expect(await ended('changing')).toMatchObject({
      under_way: true,
      fetched: { state: 'failed', problem: expect.stringMatching(/changing\.csv: .*broke off/) as string },
    });
    files.files.set('/changing.csv', { bytes: after ?? Buffer.alloc(0) });
    const again = await mlfi(url, '--model', 'changing', '--yes');
    expect([again.code, again.err]).toEqual([
      1,
      expect.stringMatching(/is not the one whose first rows were imported: it was changed meanwhile/),
    ]);
    expect((await mlfi('--model', 'changing', '--cancel')).code).toBe(0);
    expect((await mlfi(url, '--model', 'changing', '--yes')).code).toBe(0);
    expect(await samples('changing')).toBe(16_000);
    // Nor one that is not what was shown.
    const [shown] = z
      .object({ files: z.array(z.object({ version: z.string() })) })
      .parse(JSON.parse((await call('POST', '/changing/imports/preview', body)).text)).files;
    files.files.set('/changing.csv', { bytes: table(16_001) });
    await call('POST', '', { id: 'shown' });
    await call('POST', '/shown/imports/fetch', { files: [{ url, version: shown?.version }], as: 'history' });
    expect(await ended('shown')).toMatchObject({
      under_way: false,
      fetched: { state: 'failed', problem: expect.stringContaining('is not the file that was shown') as string },
    });
  });

  it('is cancelled in the middle, and the model is as before', async () => {
    const url = serve('/slow.csv', { bytes: table(30_000), pauseMs: 150 });
    await call('POST', '', { id: 'cancelled' });
    await call('POST', '/cancelled/imports/fetch', { files: [{ url }], as: 'history' });
    const second = await call('POST', '/cancelled/imports/fetch', { files: [{ url }], as: 'history' });
    expect([second.status, second.text]).toEqual([409, expect.stringContaining('files are being fetched')]);
    await eventually('rows', 60_000, async () => ((await imports('cancelled')).progress?.rows ?? 0) > 0 || null);
    expect((await call('POST', '/cancelled/imports/finish')).status).toBe(409);
    expect(await call('DELETE', '/cancelled/imports')).toMatchObject({ status: 200, text: '{"cancelled":true}' });
    expect(await imports('cancelled')).toMatchObject({ under_way: false, fetched: { state: 'cancelled' } });
    expect(await samples('cancelled')).toBe(0);
  });

  it.each([
    [
      'closed to mlfi',
      '/private.csv',
      { authorization: 'Bearer other' },
      /asks for credentials: `imports.credentials`/,
    ],
    [
      'that is elsewhere',
      '/meta.csv',
      { status: { code: 302, times: 99, headers: { location: 'http://169.254.169.254/latest/meta-data/' } } },
      /may not call/,
    ],
    [
      'without predictions',
      '/inputs.csv',
      { bytes: Buffer.from('age,country\n1,DE\n') },
      /no column is read as what the model said/,
    ],
    ['without times', '/undated.csv', { bytes: Buffer.from('age,prediction\n1,yes\n') }, /"map": "COLUMN:timestamp"/],
  ])('says why a file %s is not imported, and leaves the model alone', async (_, path, how, why) => {
    const url = serve(path, { bytes: table(600), ...how });
    const model = path.slice(1, -4);
    await call('POST', '', { id: model });
    expect((await call('POST', `/${model}/imports/fetch`, { files: [{ url }], as: 'history' })).status).toBe(202);
    const { under_way, fetched } = await ended(model);
    expect([under_way, fetched?.state, fetched?.problem]).toEqual([false, 'failed', expect.stringMatching(why)]);
  });

  it('tells of no file what it holds, however it is broken', async () => {
    const canary = 'DE89 3704 0044';
    const broken = {
      'iban.parquet': readFileSync(join(ROOT, 'test/data/parquet/no-json.parquet')),
      'iban.csv': Buffer.from(`timestamp,age,prediction\n${canary},"${canary}"x,${canary}\n"${canary}`),
      'iban.json': Buffer.from(`[{"prediction": "yes", "timestamp": "${canary}", "age": ${canary}}]`),
      'iban.ndjson': Buffer.from(`{"prediction": "yes", "timestamp": "${canary}"}\n{"age": ${canary}}\n`),
    };
    const said: string[] = [];
    for (const [name, bytes] of Object.entries(broken)) {
      const model = `canary-${name.split('.')[1] ?? ''}`;
      const body = { files: [{ url: serve(`/${name}`, { bytes, ranges: true, etag: '"1"' }) }], as: 'history' };
      said.push((await call('POST', `/${model}/imports/preview`, body)).text);
      await call('POST', '', { id: model });
      expect((await call('POST', `/${model}/imports/fetch`, body)).status).toBe(202);
      await ended(model);
      said.push((await call('GET', `/${model}/imports`)).text);
    }
    expect(said[0]).toContain('iban.parquet: its column “note” is said to hold JSON');
    for (const text of [...said, service.said()])
      for (const piece of canary.split(' ')) expect(text).not.toContain(piece);
  });

  it('takes no address with a password, no map of nothing and no file of this machine', async () => {
    const of = (file: object, more: object = {}) =>
      call('POST', '/fetched/imports/preview', { files: [file], as: 'history', ...more });
    const named = await of({ url: 'http://ada:canary-pass@127.0.0.1/a.csv' });
    expect([named.status, named.text.includes('canary-pass')]).toEqual([400, false]);
    expect((await of({ url: 'file:///etc/passwd' })).status).toBe(400);
    expect((await of({ url: serve('/a.csv', { bytes: table(10) }) }, { map: 'x' })).status).toBe(400);
    expect((await of({ url: serve('/a.csv', { bytes: table(10) }) }, { first_ms: 1 })).status).toBe(400);
    const mixed = await mlfi('a.csv', `${files.address}/a.csv`, '--model', 'mixed', '--yes');
    expect([mixed.code, mixed.err]).toEqual([1, expect.stringContaining('not imported together')]);
  });
});
