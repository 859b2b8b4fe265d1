import { expect, it } from 'vitest';
import type { Clock, Executor } from '../../../../exporter/src/domain/ports.js';
import { cachedDryRun } from '../../../../exporter/src/governance/executors/cached-dry-run.js';
import type { Plan } from '../../../../exporter/src/domain/executor.js';

const plan = (model: string): Plan => ({ executor: 'webhook', target: 'https://x', parameters: { model } });

function counted() {
  let asked = 0;
  let now = 0;
  const executor: Executor = {
    id: 'webhook',
    repetition: 'none',
    prepare: () => Promise.resolve({ kind: 'ready', text: `would, ${(asked += 1)}` }),
    execute: () => Promise.resolve({ kind: 'succeeded', detail: '' }),
    lookup: () => Promise.resolve({ kind: 'unknown', detail: '' }),
  };
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
  return { one: cachedDryRun(executor, clock), asked: () => asked, wait: (ms: number) => (now += ms) };
}

it('asks once for many looks at the same plan, and again after half a minute', async () => {
  const { one, asked, wait } = counted();
  await Promise.all(Array.from({ length: 50 }, () => one.prepare(plan('a'))));
  expect(asked()).toBe(1);
  await one.prepare(plan('b'));
  expect(asked()).toBe(2);
  wait(29_999);
  await one.prepare(plan('a'));
  expect(asked()).toBe(2);
  wait(1);
  await one.prepare(plan('a'));
  expect(asked()).toBe(3);
});

it('remembers no more than it must', async () => {
  const { one, asked } = counted();
  for (let i = 0; i < 1_000; i += 1) await one.prepare(plan(`m${i}`));
  await one.prepare(plan('m999'));
  expect(asked()).toBe(1_000);
  await one.prepare(plan('m0'));
  expect(asked()).toBe(1_001);
});
