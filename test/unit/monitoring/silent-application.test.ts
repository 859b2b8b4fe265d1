import { expect, it, vi } from 'vitest';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import { DEFAULT_HYSTERESIS } from '../../../exporter/src/incidents/hysteresis.js';
import { incidentsInMemory } from '../incidents/fixtures.js';
import { A, probed, UNANSWERED } from './probed-model.js';

// Nine hundred evaluations take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

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
  /** Ten minutes without a row. */
  const beSilent = (): void => void (model.nowMs += 600_000);
  const open = () => [...saved.values()].filter(({ closedAtMs }) => closedAtMs === null);
  return { model, saved, open, beSilent };
}

it('closes an incident of calls that failed once probes are answered again, though no row comes any more', async () => {
  const { model, saved, open, beSilent } = await inOutage();
  for (let i = 0; i < 20; i += 1) await model.ask(false);
  expect(open()).toHaveLength(1);
  beSilent();
  for (let i = 0; i < DEFAULT_HYSTERESIS.closeMixed + 10; i += 1) await model.ask(true);
  expect(open()).toEqual([]);
  // Nor do the failed rows, the last ones that came, open another.
  for (let i = 0; i < 2 * DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(true);
  expect(saved.size).toBe(1);
  expect(model.fleet.status(A).model.state).not.toBe('unreachable');
});

it('keeps it open while a probe fails now and then', async () => {
  const { model, open, beSilent } = await inOutage();
  beSilent();
  for (let i = 0; i < 3 * DEFAULT_HYSTERESIS.closeMixed; i += 1) await model.ask(i % 10 > 0);
  expect(open()).toHaveLength(1);
});

it('closes it after a restart too, when the rows behind the counts are gone', async () => {
  const { model, open, beSilent } = await inOutage();
  await model.restart();
  for (let i = 0; i < 10; i += 1) await model.ask(false);
  expect(open()).toHaveLength(1);
  beSilent();
  for (let i = 0; i < DEFAULT_HYSTERESIS.closeMixed + 10; i += 1) await model.ask(true);
  expect(open()).toEqual([]);
});

it.each([
  ['a call a second', 1, false],
  ['the calls of five minutes every five minutes', 300, false],
  ['the calls of five minutes every five minutes, over a restart', 300, true],
])('keeps it open where probes are answered and calls still fail: %s', async (_, every, isRestarted) => {
  const { model, saved, open } = await inOutage();
  if (isRestarted) await model.restart();
  for (let i = 1; i <= 3 * 300; i += 1) {
    await model.ask(true);
    if (i % every === 0) await model.send(Math.min(every, 20), 'commit', UNANSWERED);
  }
  expect(open()).toHaveLength(1);
  expect(saved.size).toBe(1);
});
