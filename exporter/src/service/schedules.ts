import type { ImportUseCases } from '../application/imports.js';
import type { Checkpointing } from '../governance/audit/checkpointing.js';
import { PlanChecks } from '../governance/plan-checks.js';
import type { Fleet } from '../monitoring/fleet.js';
import { Schedules } from '../system/schedules.js';
import type { ModelDiscovery } from './capture.js';
import type { Foundation } from './foundation.js';
import type { WiredGovernance } from './governance.js';
import type { WiredIntake } from './intake.js';
import type { Lifecycle } from './lifecycle.js';
import type { WiredMetrics } from './metrics.js';

const SWEEP_MS = 30_000;
/** How often some of the pending plans are compared with their targets. */
const PLANS_CHECKED_MS = 60_000;
const PRUNE_MS = 3_600_000;
const FIGURES_MS = 2_000;
const FILES_READ_MS = 2_000;
const PAIRS_CHECKED_MS = 1_000;
const STORE_CHECK_MS = 15_000;
const STORE_NOTED_MS = 1_000;
const ROWS_WEIGHED_MS = 5_000;
const IDLE_IMPORTS_MS = 60_000;
const DECISIONS_CHECKED_MS = 600_000;

export interface ScheduledWork {
  readonly governance: WiredGovernance;
  readonly fleet: Fleet;
  readonly discovery: ModelDiscovery;
  readonly metrics: WiredMetrics;
  readonly checkpointing: Checkpointing;
  readonly lifecycle: Lifecycle;
  readonly intake: WiredIntake;
  readonly imports: Pick<ImportUseCases, 'cancelIdle'>;
}

/** What is done again and again while the service runs. */
export function startSchedules(
  { started, config, store, clock, logger, closing, decisionGate }: Foundation,
  {
    governance: { governance, executors },
    fleet,
    discovery,
    metrics,
    checkpointing,
    lifecycle,
    intake,
    imports,
  }: ScheduledWork,
): void {
  const schedules = new Schedules(clock, logger);
  closing.push('schedules', () => schedules.stop());
  if (discovery.refresh !== null) schedules.every(started.discovery.refreshMs, discovery.refresh);
  schedules.every(SWEEP_MS, () => governance.sweep(), 'at once');
  if (intake.readFiles !== null) schedules.every(FILES_READ_MS, intake.readFiles, 'at once');
  schedules.every(PAIRS_CHECKED_MS, () => intake.sweep());
  schedules.every(FIGURES_MS, () => metrics.shared.refresh());
  schedules.every(DECISIONS_CHECKED_MS, () => decisionGate.check(store, () => metrics.shared.verify()));
  const lookAtStore = (): Promise<unknown> => lifecycle.notReadyBecause(() => metrics.store.problem());
  schedules.every(STORE_CHECK_MS, lookAtStore);
  schedules.every(STORE_NOTED_MS, async () => void (metrics.store.hasChanged() && (await lookAtStore())));
  schedules.every(ROWS_WEIGHED_MS, () => fleet.giveRowsBack());
  const plans = new PlanChecks(executors);
  schedules.every(PLANS_CHECKED_MS, async () => {
    const waiting = await store.governance((transaction) =>
      transaction.recommendations({ states: ['pending'], limit: 1_000 }),
    );
    const stale = await plans.stale(waiting);
    for (const id of new Set(stale.map(({ modelId }) => modelId))) await fleet.proposeAgain(id);
  });
  schedules.every(started.audit.checkpointEveryMs, async () => void (await checkpointing.make()));
  schedules.every(IDLE_IMPORTS_MS, () => imports.cancelIdle());
  // Each by itself: what cannot be forgotten now keeps no other from being forgotten.
  const agoMs = (ms: number): number => clock.now() - ms;
  schedules.every(PRUNE_MS, async () => void (await store.windows.prune(agoMs(started.windows.keepMs))));
  // As long as a batch may be sent again under its id, its labels may be without one.
  const repeatedBefore = (): number => agoMs(config.current().intake.batchIdsKeptMs);
  schedules.every(
    PRUNE_MS,
    async () => void (await store.ledger.prune(agoMs(started.windows.keepMs), repeatedBefore())),
  );
  schedules.every(PRUNE_MS, async () => void (await store.batches.prune(repeatedBefore())));
  schedules.every(PRUNE_MS, async () => void (await store.alerts.prune(agoMs(config.current().alerts.keepMs))));
}
