import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import type { Executor } from '../../../../exporter/src/domain/ports.js';
import { createExecutors } from '../../../../exporter/src/governance/executors/index.js';
import { CANARY, CLOSED, egressOf, newExecution, planOf, portsOf, recommendationOf } from './setting.js';

let folder = '';
const http = egressOf(CLOSED);
let targets: readonly AnyActionTarget[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlfi-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const executor = (): Executor =>
  createExecutors(
    portsOf(http, () => targets),
    () => Promise.resolve(),
  ).command;

/** A target that runs this JavaScript, in the folder of the test. */
function running(
  script: string,
  more: { readonly timeoutMs?: number; readonly args?: readonly string[] } = {},
): Executor {
  const file = join(folder, 'action.mjs');
  writeFileSync(file, script);
  targets = [
    {
      executor: 'command',
      name: 'local',
      actions: ['rollback'],
      models: null,
      timeoutMs: more.timeoutMs ?? 10_000,
      authorizationSecret: 'canary',
      settings: {
        arguments: [process.execPath, file, ...(more.args ?? [])],
        directory: folder,
        environment: { STAGE: 'test' },
      },
    },
  ];
  return executor();
}
const run = (one: Executor, plan = planOf(targets, 'rollback'), execution = newExecution(plan)) =>
  one.execute(plan, execution, recommendationOf(plan));
const COUNT = "import { appendFileSync } from 'node:fs'; appendFileSync('ran', 'x');";
const ran = (): number => (existsSync(join(folder, 'ran')) ? readFileSync(join(folder, 'ran'), 'utf8').length : 0);

it('runs the program once and tells what it wrote', async () => {
  const outcome = await run(running(`${COUNT} console.log('rolled back');`));
  expect(outcome).toEqual({ kind: 'succeeded', detail: 'the program ended with 0; it wrote: rolled back' });
  expect(ran()).toBe(1);
});

it('declares that a repetition is not safe, and knows nothing afterwards', async () => {
  const one = running(COUNT);
  expect(one.repetition).toBe('none');
  const plan = planOf(targets, 'rollback');
  expect((await one.lookup(newExecution(plan), plan)).kind).toBe('unknown');
});

it('runs nothing in a dry run', async () => {
  const one = running(COUNT);
  const prepared = await one.prepare(planOf(targets, 'rollback'));
  expect(prepared).toMatchObject({ kind: 'ready', text: expect.stringMatching(/^would run .*action\.mjs/) as string });
  expect(ran()).toBe(0);
});

it('joins an execution that is running already', async () => {
  const one = running(`${COUNT} setTimeout(() => {}, 300);`);
  const plan = planOf(targets, 'rollback');
  const execution = newExecution(plan);
  const outcomes = await Promise.all([run(one, plan, execution), run(one, plan, execution)]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
  expect(ran()).toBe(1);
});

it('calls another exit status failed, a signal unknown', async () => {
  expect(await run(running("console.error('no such model'); process.exit(3);"))).toEqual({
    kind: 'failed',
    detail: 'the program ended with 3; it wrote: no such model',
  });
  expect((await run(running('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 5000);'))).kind).toBe(
    'unknown',
  );
});

/** Linux's letter for a process: Z is dead and not yet collected, empty is gone. */
function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .slice(0, 1);
  } catch {
    return '';
  }
}

it('stops what runs too long, with all that it started, and calls it unknown', async () => {
  const one = running(
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     process.on('SIGTERM', () => {});
     const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'], { stdio: 'inherit' });
     writeFileSync('pids', process.pid + ' ' + child.pid);
     setInterval(() => {}, 1000);`,
    { timeoutMs: 400 },
  );
  const outcome = await run(one);
  expect(outcome).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('stopped after 0.4 s') as string });
  await new Promise((wait) => setTimeout(wait, 200));
  for (const pid of readFileSync(join(folder, 'pids'), 'utf8').split(' '))
    expect(stateOf(Number(pid))).toMatch(/^[ZX]?$/);
});

it('calls a program that is not there failed: nothing was started', async () => {
  running('');
  targets = targets.map((target) =>
    target.executor === 'command'
      ? { ...target, settings: { ...target.settings, arguments: ['/nonexistent/program'] } }
      : target,
  );
  expect(await run(executor())).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining('not started') as string,
  });
});

it('never lets a shell read an argument', async () => {
  const one = running(
    "import { writeFileSync } from 'node:fs'; writeFileSync('args', JSON.stringify(process.argv.slice(2)));",
    {
      args: ['$(touch pwned)', '; touch pwned', '{model}', '`touch pwned`', '--to={version}'],
    },
  );
  expect((await run(one)).kind).toBe('succeeded');
  expect(JSON.parse(readFileSync(join(folder, 'args'), 'utf8'))).toEqual([
    '$(touch pwned)',
    '; touch pwned',
    'fraud-detector',
    '`touch pwned`',
    '--to=v7',
  ]);
  expect(existsSync(join(folder, 'pwned'))).toBe(false);
});

it.each(['--help', '../../etc/passwd', 'a b', '$(x)', '', null])(
  'refuses a version that could be more than a word: %s',
  async (version) => {
    const one = running(COUNT, { args: ['{version}'] });
    const plan = planOf(targets, 'rollback', version);
    expect(await run(one, plan)).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('{version} has no value') as string,
    });
    expect((await one.prepare(plan)).kind).toBe('impossible');
    expect(ran()).toBe(0);
  },
);

it('gives the program nothing but its own environment', async () => {
  process.env['MLFI_TEST_LEAK'] = 'leak';
  const outcome = await run(
    running("import { writeFileSync } from 'node:fs'; writeFileSync('env', JSON.stringify(process.env));"),
  );
  delete process.env['MLFI_TEST_LEAK'];
  expect(outcome.kind).toBe('succeeded');
  const environment = JSON.parse(readFileSync(join(folder, 'env'), 'utf8')) as Record<string, string>;
  expect(Object.keys(environment).sort()).toEqual([
    'MLFI_ACTION',
    'MLFI_AUTHORIZATION',
    'MLFI_CAUSE',
    'MLFI_EXECUTION_ID',
    'MLFI_MODEL',
    'PATH',
    'STAGE',
  ]);
  expect(environment['MLFI_AUTHORIZATION']).toBe(`Bearer ${CANARY}`);
});

it('tells neither its secret nor what looks like one, wherever the output is cut', async () => {
  for (const padding of [0, 380, 390, 395, 8_170, 8_185]) {
    const outcome = await run(
      running(
        `process.stdout.write('x'.repeat(10) + ' ' + process.env.MLFI_AUTHORIZATION + ' ' + 'y'.repeat(${padding}));`,
      ),
    );
    for (let length = 6; length <= CANARY.length; length += 1)
      expect(outcome.detail).not.toContain(CANARY.slice(-length));
  }
  const other = await run(
    running(
      "console.log('password=hunter2-hunter2 ghp_abcdefghijklmnop https://u:p4ssw0rd@host/ AKIAABCDEFGHIJKLMNOP');",
    ),
  );
  expect(other.detail).not.toMatch(/hunter2|ghp_abc|p4ssw0rd|AKIAABC/);
});

it('keeps only the end of a flood of output', async () => {
  const outcome = await run(running("for (let i = 0; i < 20000; i += 1) console.log('line ' + i);"));
  expect(outcome.detail.length).toBeLessThan(600);
  expect(outcome.detail).toContain('line 19999');
});

it('ends the program when mlfi stops, and does not know what it did until then', async () => {
  const begun = join(folder, 'begun');
  const script = `import { writeFileSync } from 'node:fs'; setInterval(() => undefined, 1_000); writeFileSync(${JSON.stringify(begun)}, String(process.pid));`;
  running(script, { timeoutMs: 300_000 });
  const stopping = new AbortController();
  const ports = { ...portsOf(http, () => targets), stopping: stopping.signal };
  const outcome = run(createExecutors(ports, () => Promise.resolve()).command);
  await expect.poll(() => existsSync(begun) && readFileSync(begun, 'utf8') !== '', { timeout: 20_000 }).toBe(true);
  stopping.abort();
  expect(await outcome).toEqual({
    kind: 'unknown',
    detail: 'stopped together with mlfi; what it did until then is not known',
  });
  expect(() => process.kill(Number(readFileSync(begun, 'utf8')), 0)).toThrow('ESRCH');
});
