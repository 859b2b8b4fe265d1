import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../exporter/src/config/load.js';
import { commandIn, configurations, firstKey, ROOT, shellBlocks } from './documented-commands.js';
import { runService, type RunningService } from './running-service.js';
import { freePort } from './servers/free-port.js';

const execute = promisify(execFile);
const taken = z.looseObject({ accepted: z.number(), rejected: z.number(), labels_matched: z.number() });

/** What a shell prints for a block, with the variables it may use. */
async function output(block: string, environment: NodeJS.ProcessEnv, cwd: string): Promise<string> {
  const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', block], {
    cwd,
    env: { ...process.env, ...environment },
  });
  return stdout;
}

describe('docs/sending-logs.md', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await runService();
    expect((await running.request('POST', '/api/v1/models', { id: 'fraud' })).status).toBe(201);
  });
  afterAll(() => running.close());

  it('sends what it says: every row is taken, and labels find their predictions', async () => {
    const environment = { KEY: running.key, MLFI_URL: running.service.address };
    const answers: z.output<typeof taken>[] = [];
    const blocks = shellBlocks('docs/sending-logs.md').filter(({ note }) => note.startsWith('send: '));
    for (const { note, text } of blocks) {
      const answer = taken.parse(JSON.parse(await output(text, environment, running.directory)));
      expect([answer.accepted, answer.rejected]).toEqual([Number(/\d+/.exec(note)?.[0]), 0]);
      answers.push(answer);
    }
    expect(answers).toHaveLength(4);
    expect(answers[2]?.labels_matched).toBe(2);
  });

  it('imports as it says: a training set as the baseline, then the history after it', async () => {
    const environment = {
      MLFI_TOKEN: running.key,
      MLFI_URL: running.service.address,
      PATH: `${commandIn(running.directory)}${delimiter}${process.env['PATH'] ?? ''}`,
    };
    const rows = (from: string, count: number): string => {
      const lines = Array.from({ length: count }, (_, i) => {
        const at = new Date(Date.parse(from) + 60_000 * i).toISOString();
        return `${from}-${i},${at},${20 + ((i * 7) % 50)},${i % 3 === 0 ? 'yes' : 'no'},0.${70 + ((i * 11) % 29)},${i % 3 === 0 ? 'yes' : 'no'}`;
      });
      return `request_id,timestamp,age,prediction,confidence,churned\n${lines.join('\n')}\n`;
    };
    writeFileSync(join(running.directory, 'training.csv'), rows('2026-01-01', 2_000));
    writeFileSync(join(running.directory, 'history.csv.gz'), gzipSync(rows('2026-02-01', 3_000)));
    const said: string[] = [];
    for (const { note, text } of shellBlocks('docs/sending-logs.md').filter(({ note }) => note.startsWith('import: ')))
      said.push(`${note}\n${await output(text, environment, running.directory)}`);
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('2,000 rows are the baseline of "churn" (version 1)');
    expect(said[1]).toContain('What mlfi would have told you about "churn", 2026-02-01 00:00:00 UTC to 2026-02-03');
    expect(said[1]).toContain('story.md written');
  });
});

describe('docs/how-to.md', () => {
  let running: RunningService;
  beforeAll(async () => {
    running = await runService();
    expect((await running.request('POST', '/api/v1/models', { id: 'fraud' })).status).toBe(201);
    // The service of this test was given no file; the command line reads its store by one.
    writeFileSync(join(running.directory, 'mlfi.yml'), `data_dir: ${running.directory}\n`);
  });
  afterAll(() => running.close());

  it('does what it says, in the order of the page', async () => {
    const environment = {
      MLFI_TOKEN: running.key,
      MLFI_URL: running.service.address,
      PATH: `${commandIn(running.directory)}${delimiter}${process.env['PATH'] ?? ''}`,
    };
    const said = new Map<string, string>();
    for (const { note, text } of shellBlocks('docs/how-to.md').filter(({ note }) => /^(run|store): /.test(note))) {
      // Each line of its own shows what it came to.
      const lines = note === 'run: maintenance' ? text.trim().split('\n') : [text];
      for (const [index, line] of lines.entries()) {
        said.set(`${note} ${index}`, await output(line, environment, running.directory));
        if (note === 'run: maintenance' && index === 0) {
          const logged = await running.request('POST', '/api/v1/models/fraud/observations', {
            prediction_id: 'paused',
            features: { age: 38 },
            prediction: 'yes',
          });
          expect(logged.body).toMatchObject({ accepted: 1 });
        }
      }
    }
    expect(said.get('run: late labels 0')).toContain('"labels_matched":1');
    expect(said.get('run: maintenance 0')).toContain('"paused":true');
    expect(said.get('run: maintenance 1')).toContain('"paused":false');
    expect(said.get('run: release 0')).toContain('"recorded":true');
    expect(said.get('run: baseline 0')).not.toContain('"error"');
    expect(said.get('store: backup 0')).toMatch(/copy\.sqlite/);
    expect(said.get('run: removal 0')).toMatch(/"removed":true\}200/);
    expect(said.get('run: key 0')).toMatch(/mlfi_\S+/);
    expect(said.size).toBe(8);
  });
});

describe('docs/how-to.md, what it says to configure', () => {
  it.each(configurations('docs/how-to.md'))('%s', (_, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'mlfi-how-to-'));
    for (const name of ['webhook-key', 'ada.token', 'grace.token']) writeFileSync(join(folder, name), name.repeat(10));
    writeFileSync(join(folder, 'url'), 'postgres://mlfi@db/mlfi');
    const here = text.replace('/run/secrets/mlfi/mlfi-database-url', 'url');
    const loaded = parseConfig('how-to', here, {}, folder);
    rmSync(folder, { recursive: true });
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
  });

  it('answers twelve questions in its first table', () => {
    const page = readFileSync(join(ROOT, 'docs/how-to.md'), 'utf8');
    expect(page.match(/^\| .*\[below\]\(#/gm)).toHaveLength(12);
    expect(configurations('docs/how-to.md')).toHaveLength(7);
  });
});

describe('README.md', () => {
  let folder: string;
  let model: Server;
  let modelUrl: string;
  let port: number;
  let service: ChildProcess | null = null;
  let environment: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlfi-readme-'));
    commandIn(folder);
    // A model that looks at its input: what it says differs with it, and is the same for the same. It describes itself nowhere
    // and takes nothing but its own features, as plain REST does.
    model = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        if (!/"age":\s?[\d.]+/.test(body) || !body.includes('"country":"')) {
          response.statusCode = 400;
          response.end(JSON.stringify({ error: "missing 'age'" }));
          return;
        }
        const [first = 0, second = 0] = createHash('sha256').update(body).digest();
        response.end(JSON.stringify({ prediction: first % 2 === 0 ? 'yes' : 'no', confidence: 0.7 + second / 1_000 }));
      });
    }).listen(0, '127.0.0.1');
    await once(model, 'listening');
    const address = model.address();
    modelUrl = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/predict`;
    port = await freePort();
    environment = {
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      MLFI_LISTEN_PORT: String(port),
    };
  });
  afterAll(async () => {
    model.close();
    if (service !== null && service.exitCode === null) {
      service.kill('SIGTERM');
      await once(service, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /** The block with the addresses of this test in the places of the README's. */
  const here = (text: string, key = ''): string =>
    text
      .replaceAll('https://models.example.com/predict', modelUrl)
      .replaceAll('http://10.0.0.7:8000/predict', modelUrl)
      .replaceAll('10.0.0.0/8', '127.0.0.0/8')
      .replaceAll('localhost:9899', `127.0.0.1:${port}`)
      .replaceAll('KEY=mlfi_…', `KEY=${key}`);
  const blockWith = (what: string): string =>
    shellBlocks('README.md').find(({ text }) => text.includes(what))?.text ?? '';

  it('looks once at a model', async () => {
    const text = await output(here(blockWith('mlfi investigate')), environment, folder);
    expect(text).toMatch(/^NOTHING WRONG SEEN/);
  });

  it('says once what such a model answers to every guess', async () => {
    const text = await output(`mlfi investigate ${modelUrl} || true`, environment, folder);
    expect(text).toContain('Give one payload the model takes.');
    const [, tried = ''] = /What was tried\n([\s\S]*?)\n\n/.exec(text) ?? [];
    expect(tried.split('→')).toHaveLength(2);
    expect(tried).toContain('first greeting {"text"}, fields the server names: age, common shape {"input"}');
  });

  it('starts in the order it gives, takes predictions and answers, without a line changed', async () => {
    const block = here(blockWith('mlfi serve'));
    const lines = block.split('\n').filter((line) => line.trim() !== '');
    const serving = lines.findIndex((line) => line.includes('mlfi serve'));
    await output(lines.slice(0, serving).join('\n'), environment, folder);
    service = spawn('bash', ['-c', `exec env ${lines[serving] ?? ''}`], {
      cwd: folder,
      env: { ...process.env, ...environment },
    });
    const key = await firstKey(service);
    const answers = await output(here(blockWith('KEY=mlfi_…'), key), environment, folder);
    expect(answers).toContain('"accepted":1');
    expect(answers).toContain('"incidents":[');
    expect(answers).not.toContain('"error":{');
  });
});
