import { expect, it } from 'vitest';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { incidentsInMemory } from '../incidents/fixtures.js';
import { A, probed, UNANSWERED } from './probed-model.js';

/** A model that is probed and logs its calls, whose calls all fail for a minute; then the application sends nothing any more. */
async function inOutage() {
  const saved = new Map<string, Incident>();
  const model = await probed(10, { incidents: incidentsInMemory(saved) });
  for (let minute = 0; minute < 12; minute += 1) {
    await model.probe(60);
    await model.send(60);
  }
  expect(model.version).not.toBeNull();
  for (let i = 0; i < 20; i += 1) {
    await model.ask(false);
    await model.send(1, 'commit', UNANSWERED);
  }
  const open = () => [...saved.values()].filter(({ closedAtMs }) => closedAtMs === null);
  return { model, saved, open };
}

it('closes an incident of calls that failed once probes are answered again, though no row comes any more', async () => {
  const { model, saved, open } = await inOutage();
  for (let i = 0; i < 20; i += 1) await model.ask(false);
  expect(open()).toHaveLength(1);
  for (let i = 0; i < DEFAULT_HYSTERESIS.closeMixed + 10; i += 1) await model.ask(true);
  expect(open()).toEqual([]);
  // Nor do the failed rows, the last ones that came, open another.
  for (let i = 0; i < 2 * DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(true);
  expect(saved.size).toBe(1);
  expect(model.fleet.status(A).model.state).not.toBe('unreachable');
});

it('keeps it open while a probe fails now and then', async () => {
  const { model, open } = await inOutage();
  for (let i = 0; i < 3 * DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(i % 10 > 0);
  expect(open()).toHaveLength(1);
});

it('closes it after a restart too, when the rows behind the counts are gone', async () => {
  const { model, open } = await inOutage();
  await model.restart();
  for (let i = 0; i < 10; i += 1) await model.ask(false);
  expect(open()).toHaveLength(1);
  for (let i = 0; i < DEFAULT_HYSTERESIS.closeMixed + 10; i += 1) await model.ask(true);
  expect(open()).toEqual([]);
});
