import { describe, expect, it } from 'vitest';
import { Conflict } from '../../../exporter/src/domain/errors.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { IncidentRow } from '../../../exporter/src/domain/incident.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import type { DamagedTable, Logger, Store } from '../../../exporter/src/domain/ports.js';
import type { Recommendation } from '../../../exporter/src/domain/recommendation.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import type { Executors } from '../../../exporter/src/governance/executors/index.js';
import type { Governance } from '../../../exporter/src/governance/governance.js';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { createIncidentManager, type IncidentManager } from '../../../exporter/src/incidents/incident-manager.js';
import { DecisionGate } from '../../../exporter/src/service/decision-gate.js';
import { randomIds } from '../../../exporter/src/system/random-ids.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';
import {
  countingExecutor,
  governanceOn,
  model as modelInService,
  person,
  proposal,
  silentLogger,
} from '../../integration/governance/harness.js';
import { storeOfTheFile } from '../governance/scheduled-store.js';
import { evaluated, FIRM_AT_ONCE, NEVER_REFUSED } from './fixtures.js';

const file = storeOfTheFile();

const RETRAIN = proposal('retrain');
const ROLLBACK = proposal('rollback', 'Roll back fraud');
const problem: Evaluation = { ...evaluated('high', RETRAIN.cause), proposals: [RETRAIN, ROLLBACK] };
const nothing = evaluated('none', null);

interface Service {
  readonly governance: Governance;
  readonly incidents: IncidentManager;
}

/** What decides and what opens incidents, as a process that starts has them. */
function serviceOn(
  on: Store,
  executors: Executors = countingExecutor().executors,
  logger: Logger = silentLogger,
): Service {
  const ports = { clock: systemClock, ids: randomIds, logger };
  const governance = governanceOn(on, { ...ports, executors });
  const { incidents, alerts } = on;
  const events = { publish: () => undefined };
  return {
    governance,
    incidents: createIncidentManager(
      { incidents, alerts, governance, events, ...ports, remember, refusal: NEVER_REFUSED },
      FIRM_AT_ONCE,
    ),
  };
}

let models = 0;
const gone = (): Promise<void> => Promise.resolve();

async function watchedModel(): Promise<Model> {
  const model = { ...modelInService(), id: modelId(`fraud-${(models += 1)}`) };
  await file.store.models.save(model);
  return model;
}

const madeFor = async (incident: IncidentRow): Promise<readonly Recommendation[]> =>
  (await file.store.decisions.list({ incident: incident.id, limit: 100 })).map(({ recommendation }) => recommendation);

const statesOf = async (incident: IncidentRow): Promise<readonly string[]> =>
  (await madeFor(incident)).map(({ action, state }) => `${action} ${state}`).sort();

const opened = async ({ incidents }: Service, model: Model): Promise<IncidentRow> => {
  await incidents.apply(model, problem);
  return (await incidents.apply(model, problem)) ?? expect.fail('no incident opened');
};

it('makes the proposals of an incident that was stored when mlfi died before it made them', async () => {
  const model = await watchedModel();
  const { executors } = countingExecutor();
  let tell = (): void => undefined;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  const silent: Executors = {
    ...executors,
    webhook: {
      ...executors.webhook,
      resolve() {
        tell();
        return new Promise(() => undefined);
      },
    },
  };
  const died = serviceOn(file.store, silent);
  void opened(died, model);
  await asked;
  const open = died.incidents.current(model.id) ?? expect.fail('no incident opened');
  expect(await statesOf(open)).toEqual([]);

  const restarted = serviceOn(file.store);
  await restarted.incidents.restore(model.id);
  await restarted.incidents.apply(model, problem);
  expect(await statesOf(open)).toEqual(['retrain pending', 'rollback pending']);
});

it('makes no second set of proposals after a restart, nor again what somebody has withdrawn', async () => {
  const model = await watchedModel();
  const before = serviceOn(file.store);
  const open = await opened(before, model);
  const rollback = (await madeFor(open)).find(({ action }) => action === 'rollback') ?? expect.fail('no rollback');
  await before.governance.withdrawOne(rollback.id, 'the old version is gone', person('ann'));

  for (let restart = 0; restart < 2; restart += 1) {
    const { incidents } = serviceOn(file.store);
    await incidents.restore(model.id);
    await incidents.apply(model, problem);
    expect(await statesOf(open)).toEqual(['retrain pending', 'rollback withdrawn']);
  }
});

it('leaves nothing pending on an incident for which somebody proposes in the last moment before it is closed', async () => {
  const model = await watchedModel();
  const propose = (open: IncidentRow): Promise<unknown> =>
    serviceOn(file.store).governance.proposeBy(open, proposal('investigate', 'Look into it'), person('ann'));
  let closing: IncidentRow | null = null;
  const service = serviceOn({
    ...file.store,
    // The transaction that closes it is the next.
    async governance(work) {
      const open = closing;
      closing = null;
      if (open !== null) await propose(open);
      return file.store.governance(work);
    },
  });
  const open = await opened(service, model);
  closing = open;
  await service.incidents.leave(model.id, 'the model was removed', gone);
  expect(await statesOf(open)).toEqual(['investigate withdrawn', 'retrain withdrawn', 'rollback withdrawn']);
  await expect(propose(open)).rejects.toBeInstanceOf(Conflict);
});

describe('while decisions are refused', () => {
  const SOUND = { kind: 'intact', entries: 0, headHash: '', root: '' } as const;
  const gate = new DecisionGate({ storeDamage: () => undefined }, silentLogger);
  const evaluateOnce = (...damaged: readonly DamagedTable[]): Promise<void> =>
    gate.check({ damagedTables: () => Promise.resolve(damaged) }, () => Promise.resolve(SOUND));
  const close = (): Promise<void> => evaluateOnce({ table: 'vote', detail: 'damaged', onlyIndexes: false });

  it('evaluations go on, what fails is told once, and proposals are made once decisions are taken again', async () => {
    const model = await watchedModel();
    const told: string[] = [];
    const logger = { ...silentLogger, error: (_: unknown, message: string) => void told.push(message) };
    const service = serviceOn(gate.guard(file.store), countingExecutor().executors, logger);
    await close();
    const open = await opened(service, model);
    for (let more = 0; more < 8; more += 1) await service.incidents.apply(model, problem);
    expect(await statesOf(open)).toEqual([]);
    expect(told).toEqual(['decisions: cannot propose now']);
    await evaluateOnce();
    await service.incidents.apply(model, problem);
    expect(await statesOf(open)).toEqual(['retrain pending', 'rollback pending']);
  });

  it('an incident closes, and what is pending on it is withdrawn once decisions are taken again', async () => {
    const model = await watchedModel();
    const service = serviceOn(gate.guard(file.store));
    const open = await opened(service, model);
    await close();
    for (let looks = 0; looks < 3; looks += 1) await service.incidents.apply(model, nothing);
    expect(service.incidents.current(model.id)).toBeNull();
    expect((await file.store.incidents.get(open.id))?.closedAtMs).not.toBeNull();
    expect(await statesOf(open)).toEqual(['retrain pending', 'rollback pending']);
    await evaluateOnce();
    await service.governance.sweep();
    expect(await statesOf(open)).toEqual(['retrain withdrawn', 'rollback withdrawn']);
  });
});

it('asks no target, and waits for none, once somebody waits for the evaluation: the next one proposes', async () => {
  const model = await watchedModel();
  const { executors } = countingExecutor();
  let asked = 0;
  let tell = (): void => undefined;
  const begun = new Promise<void>((resolve) => (tell = resolve));
  const webhook: Executors['webhook'] = {
    ...executors.webhook,
    resolve(plan) {
      asked += 1;
      tell();
      return asked <= 2 ? new Promise(() => undefined) : Promise.resolve(plan);
    },
  };
  const { incidents } = serviceOn(file.store, { ...executors, webhook });
  const hurry = new AbortController();
  await incidents.apply(model, problem, hurry.signal);
  const opening = incidents.apply(model, problem, hurry.signal);
  await begun;
  hurry.abort();
  const open = (await opening) ?? expect.fail('no incident opened');
  const askedBefore = asked;
  await incidents.apply(model, problem, hurry.signal);
  await incidents.refreshProposals(model.id, problem, hurry.signal);
  expect(asked).toBe(askedBefore);
  expect(await statesOf(open)).toEqual([]);
  await incidents.apply(model, problem);
  expect(await statesOf(open)).toEqual(['retrain pending', 'rollback pending']);
});

/** Two people approve the retraining while nothing may be sent. */
async function approveRetrainInFreeze(governance: Governance, open: IncidentRow): Promise<void> {
  await governance.setKillSwitch(true, 'the weekend', person('root'));
  const { id, digest } = (await madeFor(open)).find(({ action }) => action === 'retrain') ?? expect.fail('no retrain');
  const ballot = { recommendation: id, digest, verdict: 'approve', reason: 'looked at it', breakGlass: null } as const;
  for (const who of ['ann', 'bob']) await governance.vote(ballot, person(who));
}

it('ends an approval that waits to be sent with the cause it was given for, and lets it keep no other from being told', async () => {
  const model = await watchedModel();
  const { executors, sent } = countingExecutor();
  const service = serviceOn(file.store, executors);
  const { governance, incidents } = service;
  const open = await opened(service, model);
  await approveRetrainInFreeze(governance, open);
  expect(await statesOf(open)).toEqual(['retrain approved', 'rollback pending']);

  const other: Evaluation = { ...evaluated('high', 'endpoint-errors'), proposals: [] };
  for (let evaluation = 0; evaluation < 2; evaluation += 1) await incidents.apply(model, other);
  expect(incidents.current(model.id)?.diagnosis.causes[0]?.id).toBe('endpoint-errors');
  expect(await statesOf(open)).toEqual(['retrain withdrawn', 'rollback withdrawn']);
  await governance.setKillSwitch(false, 'Monday', person('root'));
  await governance.dispatch();
  expect(sent.size).toBe(0);
});

it('sends nothing that was approved against a cause the incident has left meanwhile', async () => {
  const model = await watchedModel();
  const { executors, sent } = countingExecutor();
  const service = serviceOn(file.store, executors);
  const open = await opened(service, model);
  await approveRetrainInFreeze(service.governance, open);
  await file.store.incidents.save({ ...open, diagnosis: evaluated('high', 'endpoint-errors').diagnosis });
  await service.governance.setKillSwitch(false, 'Monday', person('root'));
  await service.governance.dispatch();
  expect(sent.size).toBe(0);
  expect(await statesOf(open)).toEqual(['retrain withdrawn', 'rollback pending']);
});
