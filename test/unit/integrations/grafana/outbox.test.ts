import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGrafanaClient } from '../../../../exporter/src/integrations/grafana/grafana-client.js';
import { CAPACITY, createOutbox, type Outbox } from '../../../../exporter/src/integrations/grafana/outbox.js';
import type { Clock, GrafanaAnnotation, Logger } from '../../../../exporter/src/domain/ports.js';
import { systemClock } from '../../../../exporter/src/system/system-clock.js';
import { createEgress } from '../../../../exporter/src/http/egress.js';
import { startGrafanaAnnotations, type GrafanaAnnotations } from '../../../integration/servers/grafana-annotations.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** Sleeps a thousandth of what is asked for, so that backing off takes milliseconds. */
const hasty: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => systemClock.sleep(ms / 1_000, signal),
};
const annotation = (n: number): GrafanaAnnotation => ({
  timeMs: 1_700_000_000_000 + n,
  timeEndMs: null,
  text: `number ${n}`,
  tags: ['mlfi', 'incident', 'model_name:fraud'],
});

const GOOD = 'glsa_loopback';
let token = GOOD;
let grafana: GrafanaAnnotations;
let http: ReturnType<typeof createEgress>;
let memory: readonly GrafanaAnnotation[];
let stopping: AbortController;
let running: Promise<void>;

function start(url = grafana.url, clock = hasty): Outbox {
  stopping = new AbortController();
  const outbox = createOutbox({
    grafana: createGrafanaClient(http, () => ({ url, token, timeoutMs: 500 })),
    memory: {
      load: () => Promise.resolve(memory),
      save: (waiting) => {
        memory = waiting;
        return Promise.resolve();
      },
    },
    clock,
    logger: silent,
  });
  running = outbox.run(stopping.signal);
  return outbox;
}

async function until(holds: () => boolean): Promise<void> {
  const giveUp = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > giveUp) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

beforeEach(async () => {
  grafana = await startGrafanaAnnotations();
  http = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] });
  memory = [];
  token = GOOD;
});
afterEach(async () => {
  stopping.abort();
  await running;
  await http.close();
  await grafana.close();
});

describe('the outbox', () => {
  it('posts in order and keeps nothing that is posted', async () => {
    const outbox = start();
    for (let n = 0; n < 5; n += 1) outbox.put(annotation(n));
    await until(() => outbox.counts().posted === 5);
    expect(grafana.stored.map(({ text }) => text)).toEqual([0, 1, 2, 3, 4].map((n) => `number ${n}`));
    await until(() => memory.length === 0);
  });

  it.each([503, 500, 429, 401, 403, 404])('tries again after %i and loses none', async (status) => {
    grafana.behaviour = status;
    const outbox = start();
    outbox.put(annotation(1));
    outbox.put(annotation(2));
    await until(() => outbox.counts().failedTries >= 2);
    expect(memory).toHaveLength(2);
    grafana.behaviour = 'well';
    await until(() => outbox.counts().posted === 2);
    expect(grafana.stored).toHaveLength(2);
  });

  it.each([
    ['a new token', () => void (token = GOOD)],
    [
      'another annotation',
      (outbox: Outbox) => {
        grafana.behaviour = 'well';
        outbox.put(annotation(2));
      },
    ],
  ])('tries again soon after %s, however long it has backed off', async (what, happens) => {
    let sleptMs = 0;
    const counting: Clock = {
      now: () => Date.now(),
      async sleep(ms, signal) {
        const from = performance.now();
        // A minute is 30 ms.
        await systemClock.sleep(ms / 2_000, signal);
        if (!signal?.aborted) sleptMs += ms;
        else sleptMs += Math.min(ms, (performance.now() - from) * 2_000);
      },
    };
    if (what === 'a new token') token = 'glsa_revoked';
    else grafana.behaviour = 401;
    const outbox = start(grafana.url, counting);
    outbox.put(annotation(1));
    await until(() => outbox.counts().failedTries >= 9);
    const beforeMs = sleptMs;
    happens(outbox);
    await until(() => outbox.counts().posted >= 1);
    expect(sleptMs - beforeMs).toBeLessThan(60_000);
  });

  it('does not post twice what arrived without an answer', async () => {
    grafana.behaviour = 'deaf';
    const outbox = start();
    outbox.put(annotation(1));
    await until(() => outbox.counts().posted === 1);
    expect(grafana.stored).toHaveLength(1);
  });

  it('gives up what Grafana refuses for good, and goes on with the next', async () => {
    const outbox = start();
    outbox.put({ ...annotation(1), text: '' });
    outbox.put(annotation(2));
    await until(() => outbox.counts().posted === 1);
    expect(outbox.counts()).toMatchObject({ dropped: 1, waiting: 0 });
    expect(grafana.stored.map(({ text }) => text)).toEqual(['number 2']);
  });

  it('takes up after a restart what was not posted, without posting the rest again', async () => {
    grafana.behaviour = 503;
    const before = start();
    before.put(annotation(1));
    before.put(annotation(2));
    await until(() => before.counts().failedTries >= 1);
    stopping.abort();
    await running;
    grafana.stored.push({
      id: 1,
      time: 1_700_000_000_001,
      timeEnd: 1_700_000_000_001,
      text: 'number 1',
      tags: annotation(1).tags,
    });
    grafana.behaviour = 'well';
    const after = start();
    await until(() => after.counts().posted === 2);
    expect(grafana.stored.map(({ text }) => text)).toEqual(['number 1', 'number 2']);
  });

  it('stays bounded while Grafana is gone: the oldest give way', async () => {
    grafana.behaviour = 503;
    const outbox = start();
    for (let n = 0; n < CAPACITY + 20; n += 1) outbox.put(annotation(n));
    expect(outbox.counts()).toMatchObject({ waiting: CAPACITY, dropped: 20 });
    await until(() => memory.length === CAPACITY);
    expect(memory[0]?.text).toBe('number 20');
  });

  it('is not disturbed by a store that fails or by a Grafana that may not be called', async () => {
    stopping = new AbortController();
    const outbox = createOutbox({
      grafana: createGrafanaClient(createEgress({ allowHosts: [], allowCidrs: [], allowPorts: [] }), () => ({
        url: grafana.url,
        token: null,
        timeoutMs: 500,
      })),
      memory: { load: () => Promise.reject(new Error('gone')), save: () => Promise.reject(new Error('gone')) },
      clock: hasty,
      logger: silent,
    });
    running = outbox.run(stopping.signal);
    outbox.put(annotation(1));
    await until(() => outbox.counts().failedTries >= 2);
    expect(grafana.requests).toEqual([]);
  });
});
