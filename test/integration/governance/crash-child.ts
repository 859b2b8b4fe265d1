/**
 * One life of a deciding process, for crash.test.ts: takes up what the last one left, decides on one more recommendation,
 * and kills itself at the named moment. Bundled and run by plain Node, so that a life costs a fraction of a second.
 */
import { writeSync } from 'node:fs';
import { request } from 'node:http';
import type { Executor, ExecutionOutcome } from '../../../exporter/src/domain/ports.js';
import { openStore, type StoreLocation } from '../../../exporter/src/store/open-store.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import { allExecutors, governanceOn, person, prepared, proposal } from './harness.js';

interface Life {
  readonly location: StoreLocation;
  readonly repetition: Executor['repetition'];
  readonly receiver: string;
  /** Null = decide nothing, only take up what is left. */
  readonly round: number | null;
  /** Which of the failure points to die at; null = live. */
  readonly dieAt: string | null;
}
const life = JSON.parse(process.argv[2] ?? '') as Life;
const say = (line: string): void => void writeSync(1, `${line}\n`);

function call(method: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`${life.receiver}${path}`, { method }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

const executors = allExecutors({
  repetition: life.repetition,
  prepare: () => Promise.resolve({ kind: 'ready', text: '' }),
  async execute(_, execution): Promise<ExecutionOutcome> {
    await call('POST', `/${execution.recommendationId}/${execution.id}`);
    return { kind: 'succeeded', detail: 'done' };
  },
  async lookup(execution) {
    const known = await call('GET', `/${execution.recommendationId}/${execution.id}`);
    return known === 'received'
      ? { kind: 'succeeded', detail: 'it had arrived' }
      : { kind: 'not-received', detail: 'the receiver has no such execution' };
  },
});

async function live(): Promise<void> {
  let armed = false;
  const store = await openStore(life.location);
  const governance = governanceOn(store, {
    executors,
    clock: systemClock,
    ids: randomIds,
    failPoint: (point) => {
      if (point === life.dieAt && armed) process.kill(process.pid, 'SIGKILL');
    },
  });
  await governance.sweep();
  await governance.idle();
  if (life.round !== null) {
    const open = await prepared(store, `incident-${life.round}`);
    const { recommendation } = await governance.proposeBy(open, proposal(), person('proposer'));
    say(`proposed ${recommendation.id}`);
    for (const login of ['ada', 'grace']) {
      armed = login === 'grace';
      await governance.vote(
        {
          recommendation: recommendation.id,
          verdict: 'approve',
          digest: recommendation.digest,
          reason: 'looked at it',
          breakGlass: null,
        },
        person(login),
      );
      say(`acknowledged ${recommendation.id} ${login}`);
    }
    await governance.dispatch();
    say(`dispatched ${recommendation.id}`);
  }
  await store.close();
}

void live();
