import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventually } from './running-service.js';
import { freePort } from './servers/free-port.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = ['--import', 'tsx', join(ROOT, 'exporter/src/main.ts')];
const execute = promisify(execFile);
const DAY_MS = 86_400_000;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `mlfi import` in a process of its own. */
function importing(
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
  input: string | null = null,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...MAIN, 'import', ...parameters], {
    env: { ...process.env, ...environment },
    cwd: ROOT,
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.end(input);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended };
}

/** Rows of the real log of a deployed model: its confidence, and whether it was right. */
function employment(file: 'reference' | 'analysis', from: number, to: number): string {
  const text = gunzipSync(readFileSync(join(ROOT, `test/data/employment_MA/${file}.csv.gz`))).toString();
  const rows = text
    .trimEnd()
    .split('\n')
    .slice(1 + from, 1 + to);
  const lines = rows.map((row, i) => {
    const [confidence = '', correct = ''] = row.split(',');
    return `${file}-${from + i},1,${Number(confidence) / 1_000},${correct}`;
  });
  return `id,y_pred,confidence,employed\n${lines.join('\n')}\n`;
}

describe('mlfi import, against a service in a process of its own', () => {
  let folder: string;
  let service: ServiceProcess;
  let environment: NodeJS.ProcessEnv;
  let port: number;
  const run = (...parameters: string[]): Promise<Ended> => importing(parameters, environment).ended;
  const get = async (path: string): Promise<Response> =>
    fetch(`${service.address}${path}`, { headers: { authorization: `Bearer ${environment.MLFI_TOKEN ?? ''}` } });
  const json = async (path: string): Promise<unknown> => (await get(path)).json();
  const file = (name: string): string => join(folder, name);
  /** Calls and labels of all stored windows. */
  const counted = async (model: string): Promise<readonly number[]> => {
    const [header = '', ...lines] = (await (await get(`/api/v1/models/${model}/aggregates.csv?from_ms=1`)).text())
      .trimEnd()
      .split('\r\n');
    const names = header.split(',');
    return ['calls', 'labelled', 'correct'].map((name) =>
      lines.reduce((sum, line) => sum + Number(line.split(',')[names.indexOf(name)]), 0),
    );
  };
  const start = async (): Promise<void> => {
    service = startServiceProcess(file('data'), port, { baseline: { minimum_samples: 500 } });
    await service.ready();
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-import-'));
    port = await freePort();
    await start();
    const key = /first API key\s+(\S+)/.exec(service.said())?.[1] ?? '';
    environment = { MLFI_URL: service.address, MLFI_TOKEN: key };
    writeFileSync(file('training.csv.gz'), gzipSync(employment('reference', 0, 20_000)));
    writeFileSync(file('history.csv'), employment('analysis', 115_000, 150_000));
  });
  afterAll(async () => {
    service.child.kill('SIGKILL');
    await service.exited;
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows how it would read a file, and stores nothing until it may', async () => {
    const shown = await run(
      file('history.csv'),
      '--model',
      'shown',
      '--preview',
      '--from',
      '2016-01-01',
      '--rows-per-day',
      '500',
    );
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(
      /id +prediction_id +analysis-115000\n +y_pred +prediction +1\n +confidence +confidence +0\.\d+\n +employed +feature +[01]/,
    );
    const unasked = await run(file('history.csv'), '--model', 'shown', '--from', '2016-01-01', '--rows-per-day', '500');
    expect([unasked.code, unasked.err]).toEqual([1, expect.stringContaining('--yes imports without asking')]);
    const undated = await run(file('history.csv'), '--model', 'shown', '--yes');
    expect([undated.code, undated.err]).toEqual([1, expect.stringContaining('--map COLUMN:timestamp')]);
    expect((await get('/api/v1/models/shown')).status).toBe(404);
  });

  it('admits a training set as the baseline at once, and tells of the known fall in the years after', async () => {
    const names = ['--model', 'employment', '--map', 'employed:label', '--yes'];
    const trained = await run(
      file('training.csv.gz'),
      ...names,
      '--as',
      'baseline',
      '--from',
      '2015-01-01',
      '--rows-per-day',
      '500',
    );
    expect(trained).toMatchObject({
      code: 0,
      out: expect.stringContaining('20,000 rows are the baseline of "employment" (version 1)') as string,
    });
    expect(await json('/api/v1/models/employment/baseline')).toMatchObject({ versions: [{ version: 1 }] });
    expect(await counted('employment')).toEqual([0, 0, 0]);

    const told = await run(
      file('history.csv'),
      ...names,
      '--from',
      '2016-01-01',
      '--rows-per-day',
      '500',
      '--report',
      file('story.md'),
    );
    expect(told.code, told.err).toBe(0);
    expect(told.out).toContain('What mlfi would have told you about "employment", 2016-01-01');
    expect(await counted('employment')).toEqual([35_000, 35_000, expect.any(Number)]);
    // From row 130,000 of the log on its accuracy falls from 83 to 79 %: that is row 15,000 of this file, day 30.
    const { incidents } = z
      .object({
        incidents: z.array(
          z.object({
            opened_at_ms: z.number(),
            closed_at_ms: z.number().nullable(),
            explanation: z.object({ headline: z.string() }),
          }),
        ),
      })
      .parse(await json('/api/v1/incidents?model=employment'));
    const fallMs = Date.parse('2016-01-01') + 30 * DAY_MS;
    const found = incidents.find(({ opened_at_ms: openedMs }) => openedMs > fallMs && openedMs < fallMs + 20 * DAY_MS);
    expect(found, told.out).toBeDefined();
    expect(told.out).toContain(found?.explanation.headline);
    expect(readFileSync(file('story.md'), 'utf8')).toMatch(/^# What mlfi would have told you about "employment"/);
    // The past is over: nobody is called now, and that nothing comes is no silence.
    expect(incidents.every(({ closed_at_ms: closedMs }) => closedMs !== null)).toBe(true);
    expect(await json('/api/v1/incidents?model=employment&open=true')).toEqual({ incidents: [] });

    const again = await run(file('history.csv'), ...names, '--from', '2016-01-01', '--rows-per-day', '500');
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('All of it had been imported before')]);
    expect(await counted('employment')).toEqual([35_000, 35_000, expect.any(Number)]);
  });

  it('counts every row once, though the command and then the service are killed on the way', async () => {
    const parameters = (model: string): string[] => [
      file('history.csv'),
      '--model',
      model,
      '--map',
      'employed:label',
      '--yes',
      '--from',
      '2016-01-01',
      '--rows-per-day',
      '20000',
    ];
    const rows = async (): Promise<number> => {
      const { progress } = z
        .object({ progress: z.object({ rows: z.number() }).nullable() })
        .parse(await json('/api/v1/models/killed/imports'));
      return progress?.rows ?? 0;
    };
    const has = (least: number) =>
      eventually('rows', 60_000, async () => ((await rows().catch(() => 0)) >= least ? true : null));

    const first = importing(parameters('killed'), environment);
    await has(6_000);
    first.child.kill('SIGKILL');
    expect((await first.ended).code).toBeNull();

    // What the first had under way is stored: a row more is the second's, which has met a service that answers.
    let before = -1;
    await eventually('an end of the first', 60_000, async () => {
      const now = await rows();
      const isStill = now === before;
      before = now;
      await sleep(1_000);
      return isStill ? true : null;
    });
    const second = importing(parameters('killed'), environment);
    await has(before + 1);
    service.child.kill('SIGKILL');
    await service.exited;
    await start();
    expect((await get('/api/v1/models/killed')).status).toBe(503);
    const ended = await second.ended;
    expect(ended.code, ended.err).toBe(0);

    const quiet = await run(...parameters('quiet'));
    expect(quiet.code, quiet.err).toBe(0);
    const [killed, undisturbed] = [await windowsOf('killed'), await windowsOf('quiet')];
    expect(killed.calls + learnt(await json('/api/v1/models/killed'))).toBe(35_000);
    expect(undisturbed.calls + learnt(await json('/api/v1/models/quiet'))).toBe(35_000);
  });

  const windowsOf = async (model: string): Promise<{ readonly calls: number }> => ({
    calls: (await counted(model))[0] ?? 0,
  });
  /** Rows that a baseline was learnt from are in it. */
  const learnt = (status: unknown): number =>
    z.object({ baseline: z.object({ samples: z.number() }) }).parse(status).baseline.samples;

  it('reads Parquet, which pandas wrote, as it reads the same rows as CSV', async () => {
    const python = process.env.MLFI_PYTHON ?? 'python3';
    const adult = join(ROOT, 'test/data/adult/adult.data.csv.gz');
    await execute(python, [
      '-c',
      `import pandas as pd
d = pd.read_csv(${JSON.stringify(adult)}, skipinitialspace=True)
d["prediction"] = (d["education-num"] > 12).map({True: ">50K", False: "<=50K"})
d.to_csv(${JSON.stringify(file('adult.csv'))}, index=False)
d.to_parquet(${JSON.stringify(file('adult.parquet'))}, row_group_size=9000)
d.head(700).to_parquet(${JSON.stringify(file('uploaded.parquet'))})`,
    ]);
    const profiles = [];
    for (const ending of ['csv', 'parquet']) {
      const model = `adult-${ending}`;
      const ended = await run(
        file(`adult.${ending}`),
        '--model',
        model,
        '--as',
        'baseline',
        '--map',
        'Salary:label',
        '--yes',
      );
      expect(ended, ended.err).toMatchObject({
        code: 0,
        out: expect.stringContaining('32,561 rows are the baseline') as string,
      });
      profiles.push(await json(`/api/v1/models/${model}/features`));
    }
    expect(JSON.stringify(profiles[1]).replaceAll('adult-parquet', 'adult-csv')).toBe(JSON.stringify(profiles[0]));
  });

  it('takes a Parquet file by the API, and forgets it when the import is cancelled', async () => {
    const headers = { authorization: `Bearer ${environment.MLFI_TOKEN ?? ''}` };
    const post = async (path: string, type: string, body: BodyInit): Promise<unknown> => {
      const answer = await fetch(`${service.address}/api/v1/${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      });
      return answer.json();
    };
    await post('models', 'application/json', '{"id":"uploaded"}');
    const rows = 'models/uploaded/imports/rows?as=baseline&batch_id=all&map=Salary:label';
    const parquet = readFileSync(file('uploaded.parquet'));
    const upload = (): Promise<unknown> => post(rows, 'application/vnd.apache.parquet', parquet);
    expect(await upload()).toMatchObject({ accepted: 700, rejected: 0, duplicate: false });
    expect(await json('/api/v1/models/uploaded/imports')).toMatchObject({ under_way: true, progress: { rows: 700 } });
    const cancelled = await run('--model', 'uploaded', '--cancel');
    expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringContaining('The import is cancelled')]);
    expect(await json('/api/v1/models/uploaded')).toMatchObject({ id: 'uploaded', total_samples: 0 });
    expect(await upload()).toMatchObject({ accepted: 700, duplicate: false });
    expect(await post('models/uploaded/imports/finish', 'application/json', '{}')).toMatchObject({
      baseline_version: 1,
      progress: { rows: 700 },
    });
  });

  it('reads standard input, and a folder file by file', async () => {
    const text = employment('reference', 0, 1_200);
    const [header = '', ...rows] = text.trimEnd().split('\n');
    mkdirSync(file('parts'));
    writeFileSync(file('parts/1.csv'), `${[header, ...rows.slice(0, 700)].join('\n')}\n`);
    writeFileSync(file('parts/2.csv.gz'), gzipSync(`${[header, ...rows.slice(700)].join('\n')}\n`));
    writeFileSync(file('parts/readme.txt'), 'no rows');
    const options = ['--as', 'baseline', '--map', 'employed:label', '--yes'];
    const [folderOf, piped] = await Promise.all([
      run(file('parts'), '--model', 'parts', ...options),
      importing(['-', '--model', 'piped', ...options], environment, text).ended,
    ]);
    for (const { code, out, err } of [folderOf, piped])
      expect([code, out], err).toEqual([0, expect.stringContaining('1,200 rows are the baseline')]);
    expect(piped.out).toContain('standard input: the first rows are read so;');
    const [ofParts, ofPipe] = [
      await json('/api/v1/models/parts/features'),
      await json('/api/v1/models/piped/features'),
    ];
    expect(JSON.stringify(ofPipe).replaceAll('piped', 'parts')).toBe(JSON.stringify(ofParts));
  });

  it('refuses what it cannot do in words', async () => {
    writeFileSync(file('inputs.csv'), 'age,country\n1,DE\n2,FR\n');
    const unanswered = await run(file('inputs.csv'), '--model', 'm', '--as', 'baseline', '--yes');
    expect([unanswered.code, unanswered.err]).toEqual([
      1,
      expect.stringContaining('no column is read as what the model said'),
    ]);
    const missing = await run(file('nothing.csv'), '--model', 'm', '--yes');
    expect([missing.code, missing.err.trim()]).toEqual([1, `${file('nothing.csv')}: there is no such file or folder`]);
    writeFileSync(file('live.csv'), 'y_pred\nyes\n');
    await fetch(`${service.address}/api/v1/models`, {
      method: 'POST',
      headers: { authorization: `Bearer ${environment.MLFI_TOKEN ?? ''}`, 'content-type': 'application/json' },
      body: '{"id":"live"}',
    });
    await fetch(`${service.address}/api/v1/models/live/observations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${environment.MLFI_TOKEN ?? ''}`, 'content-type': 'text/csv' },
      body: 'y_pred\nyes\n',
    });
    const live = await run(file('live.csv'), '--model', 'live', '--yes', '--from', '2016-01-01', '--rows-per-day', '5');
    expect([live.code, live.err]).toEqual([1, expect.stringContaining('has rows of its own already')]);
  });
});
