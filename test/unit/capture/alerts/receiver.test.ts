import { expect, it } from 'vitest';
import { AlertReceiver } from '../../../../exporter/src/capture/alerts/receiver.js';
import type { AlertReceipt, ReceivedAlert } from '../../../../exporter/src/domain/alert.js';
import { Unavailable } from '../../../../exporter/src/domain/errors.js';

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const received: ReceivedAlert = {
  fingerprint: 'f',
  startsAtMs: 1_000,
  endsAtMs: null,
  name: 'Checkout',
  summary: '',
  labels: { model: 'fraud' },
};

it('answers when the alert stands in the story of its incident, and refuses when it cannot: sent again it counts once', async () => {
  const stored = new Set<string>();
  const story: AlertReceipt[] = [];
  let isAway = true;
  const receiver = new AlertReceiver({
    alerts: {
      take: (alerts) =>
        Promise.resolve(
          alerts.map(({ fingerprint }) => {
            const receipt = stored.has(fingerprint) ? 'duplicate' : 'new';
            stored.add(fingerprint);
            return receipt;
          }),
        ),
    },
    clock: { now: () => 2_000, sleep: () => Promise.resolve() },
    logger: QUIET,
    settings: () => ({ modelLabels: ['model'], grafanaSecret: null }),
    models: {
      has: () => true,
      recordAlert: async (_, __, receipt) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (isAway) throw new Error('the store is away');
        story.push(receipt);
      },
    },
    count: () => undefined,
  });
  await expect(receiver.receive('grafana', [received])).rejects.toBeInstanceOf(Unavailable);
  isAway = false;
  expect(await receiver.receive('grafana', [received])).toMatchObject({ taken: 0, duplicate: 1 });
  expect(story).toEqual(['duplicate']);
});
