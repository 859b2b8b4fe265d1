import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandIn, firstKey, ROOT, shellBlocks } from './documented-commands.js';
import { freePort } from './servers/free-port.js';

const execute = promisify(execFile);

let folder: string;
let environment: NodeJS.ProcessEnv;
let ports: { readonly model: number; readonly mlfi: number };
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-tutorial-'));
  ports = { model: await freePort(), mlfi: await freePort() };
  environment = {
    ...process.env,
    PATH: `${commandIn(folder)}${delimiter}${process.env['PATH'] ?? ''}`,
    PORT: String(ports.model),
    MLFI_LISTEN_PORT: String(ports.mlfi),
    MLFI_URL: `http://127.0.0.1:${ports.mlfi}`,
  };
});
afterAll(async () => {
  await Promise.all(running.map(end));
  rmSync(folder, { recursive: true, force: true });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** What docs/how-to.md says to do about an incident, done to one that is open. */
async function answerQuestionsAbout(incident: string, output: (text: string) => Promise<string>): Promise<void> {
  const blocks = shellBlocks('docs/how-to.md').filter(({ note }) => note.startsWith('incident: '));
  expect(blocks.map(({ note }) => note)).toEqual(['incident: feedback', 'incident: new normal']);
  const said: string[] = [];
  for (const { text } of blocks) said.push(await output(text.replaceAll('<incident>', incident)));
  expect(said[1]).toMatch(/plan +rebaseline loans/);
}

it('docs/tutorial.md leads from a model to a checked repair, command by command', async () => {
  const said = { key: '', incident: '', id: '', digest: '' };
  const here = (text: string): string =>
    text
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${ports.model}`)
      .replaceAll('127.0.0.1:9899', `127.0.0.1:${ports.mlfi}`)
      .replaceAll('docs/tutorial/loans.mjs', join(ROOT, 'docs/tutorial/loans.mjs'))
      .replaceAll('mlfi_…', said.key)
      .replaceAll('<id>', said.id)
      .replaceAll('<digest>', said.digest);
  // What one block exports the next ones have, as in one terminal.
  const exported: string[] = [];
  const output = async (text: string): Promise<string> => {
    const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', [...exported, here(text)].join('\n')], {
      cwd: folder,
      env: environment,
    });
    return stdout;
  };
  const start = (text: string): ChildProcess => {
    const child = spawn('bash', ['-c', `exec env ${here(text)}`], { cwd: folder, env: environment });
    child.stderr.resume();
    running.push(child);
    return child;
  };
  const isListening = (child: ChildProcess): Promise<unknown> => once(child.stdout ?? child, 'data');

  const ran: string[] = [];
  let model: ChildProcess | null = null;
  for (const { note, text } of shellBlocks('docs/tutorial.md')) {
    const [kind = '', what = ''] = note.split(/: (.*)/s);
    if (note === '') continue;
    ran.push(note);
    if (note === 'start: mlfi') said.key = await firstKey(start(text));
    else if (kind === 'start') {
      if (model !== null) await end(model);
      model = start(text);
      await isListening(model);
    } else {
      const heard = { last: '' };
      const ask = async (): Promise<string> => (heard.last = await output(text));
      if (kind === 'until') await expect.poll(ask, { timeout: 300_000, interval: 1_000 }).toContain(what);
      else await ask();
      exported.push(
        ...here(text)
          .split('\n')
          .filter((line) => line.startsWith('export ')),
      );
      said.incident = /^(\S+) .* looks multiplied by 100/m.exec(heard.last)?.[1] ?? said.incident;
      said.id = /^(\S+) +pending .*Undo the change/m.exec(heard.last)?.[1] ?? said.id;
      said.digest = /digest +([0-9a-f]{64})/.exec(heard.last)?.[1] ?? said.digest;
      if (note === 'run: init') expect(heard.last).toContain('takes income, age; gives a prediction and a confidence');
      // The person's token is exported by then, and the incident open.
      if (note === 'run: show') await answerQuestionsAbout(said.incident, output);
      if (note === 'run: show') expect(heard.last).toContain('"action":"fix-pipeline"');
      if (note === 'run: approve') expect(heard.last).toContain('approved');
    }
  }
  expect(ran).toHaveLength(13);
}, 900_000);
