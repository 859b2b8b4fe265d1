import { expect, it, vi } from 'vitest';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { incidentsInMemory } from '../incidents/fixtures.js';
import { A, probed } from './probed-model.js';

vi.setConfig({ testTimeout: 60_000 });

/** A probed model whose calls begin to fail while its baseline is still being learnt. */
async function failingWhileLearning() {
  const saved = new Map<string, Incident>();
  const model = await probed(40, { incidents: incidentsInMemory(saved) });
  for (let i = 0; i < 14; i += 1) await model.ask(false);
  const open = () => [...saved.values()].filter(({ closedAtMs }) => closedAtMs === null);
  expect(open()).toHaveLength(1);
  expect(model.version).toBeNull();
  return { model, saved, open };
}

it('closes an incident of calls that failed while the model learnt once the newest are answered', async () => {
  const { model, saved, open } = await failingWhileLearning();
  for (let i = 0; i < 30 + DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(true);
  expect(model.version).toBeNull();
  expect(open()).toEqual([]);
  expect(model.fleet.status(A).model.state).toBe('learning');
  // A lone failure later is no further incident, for what failed before is over.
  await model.ask(false);
  for (let i = 0; i < 20; i += 1) await model.ask(true);
  expect(saved.size).toBe(1);
  for (let i = 0; i < 14; i += 1) await model.ask(false);
  expect(open()).toHaveLength(1);
});

it('keeps it open while a call fails now and then', async () => {
  const { model, open } = await failingWhileLearning();
  for (let i = 1; i <= 40 + DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(i % 8 > 0);
  expect(open()).toHaveLength(1);
});
