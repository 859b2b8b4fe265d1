import { counterRandom, seedOf } from '../detection/sequential/counter-random.js';
import { betUntilMs, type DriftMonitorState } from '../detection/sequential/drift-monitor-state.js';
import { DriftMonitor } from '../detection/sequential/drift-monitor.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Random } from '../domain/ports.js';
import type { Grid } from '../domain/profile.js';
import { baselineIn, gridsOf, learningIn, type BaselinePhase } from './baseline-lifecycle.js';
import { comparedFromMs, type CallCounters } from './call-counters.js';
import { ArrivalClock } from './arrival-clock.js';
import { EventClock } from './event-clock.js';
import { FailingSince } from './failing-since.js';
import { GoldenAnswers } from './golden-answers.js';
import type { StoredModelState } from './increment.js';
import { drawnRows, lostParts, LostRows } from './lost-rows.js';
import { ModelTraffic } from './model-traffic.js';
import type { MonitoringSettings } from './monitoring-settings.js';
import { PendingRows } from './pending-rows.js';
import { RunningDetectors } from './running-detectors.js';
import type { Window } from './window.js';
import { Windows } from './windows.js';

/**
 * One model's traffic as it was left, by what is stored of it.
 * @param changed called whenever something is to be stored
 */
export function restoredTraffic(
  id: ModelId,
  phase: BaselinePhase,
  {
    counters,
    monitor,
    windows,
    olderLabels,
    labelEvidence = [],
    aheadMs,
  }: Pick<StoredModelState, 'monitor' | 'windows' | 'olderLabels' | 'labelEvidence' | 'aheadMs'> & {
    readonly counters: CallCounters;
  },
  settings: MonitoringSettings,
  hash: (text: string) => string,
  random: () => Random,
  changed: () => void,
  nowMs: number,
): ModelTraffic {
  const learnt = learningIn(phase)?.golden ?? [];
  const isAdmitted = phase.kind === 'admitted';
  // Detectors that watch belong to an admitted baseline: the model was left between two writes.
  const isOutdated = !isAdmitted && monitor?.watching === true;
  const arrivals = new ArrivalClock(counters.arrivedUntilMs ?? counters.lastArrivalAtMs);
  // What was lost with the process that was there before came before all that comes to this one.
  arrivals.cut();
  const judgesAtOnce = settings.isReplay !== true && (counters.judgesAtOnce === true || (counters.waiting ?? 0) > 0);
  const traffic = new ModelTraffic(phase, settings, {
    arrivals,
    failing: new FailingSince(counters.failing === true),
    windows: new Windows(
      gridsOf(phase),
      settings.windowMs,
      comparedFromMs(baselineIn(phase), counters, nowMs),
      isAdmitted ? windows : [],
      settings.binnedSignals,
      counters.labelDelays,
      () => settings,
      aheadMs,
    ),
    lost: lostRows(id, phase, counters, windows, monitor),
    pending: new PendingRows(new EventClock(judgesAtOnce), hash(id)),
    detectors: new RunningDetectors(
      (state) => new DriftMonitor(id, settings.budget, hash, state, () => settings.featuresPerModel),
      isOutdated ? null : monitor,
    ),
    golden: new GoldenAnswers(hash, baselineIn(phase)?.golden ?? learnt, learnt),
    random,
    changed,
  });
  if (!isAdmitted) traffic.parts.windows.leave(windows.at(-1)?.windowStartMs ?? null);
  traffic.parts.pending.restoreLabels(labelEvidence, nowMs);
  traffic.judgedFromMs = counters.judgedFromMs ?? null;
  traffic.parts.windows.labels.restore(isAdmitted ? olderLabels : []);
  return traffic;
}

/** As many lives in a row that end at once may bet on what the one before has lost: rows that follow each other are not quite as good. */
const LIVES_BET_FOR = 3;

/** Of a model that logs its calls and is watched; none of any other. */
function lostRows(
  id: ModelId,
  phase: BaselinePhase,
  { basis, waiting: rows = 0, cutShort = 0 }: CallCounters,
  windows: readonly Window[],
  monitor: DriftMonitorState | null,
): LostRows {
  const isBetOn = monitor?.watching === true && basis === 'ingest' && cutShort <= LIVES_BET_FOR;
  if (phase.kind !== 'admitted' || !isBetOn) return new LostRows([], () => []);
  const by = {
    before: phase.stored.profile,
    grids: new Map<string, Grid | null>(monitor.signals.map(([subject, { grid }]) => [subject, grid])),
    order: (name: string) => counterRandom(seedOf(`${id}\n${name}`)),
  };
  return new LostRows(lostParts(windows, { rows, betUntilMs: betUntilMs(monitor) }), (part) => drawnRows(part, by));
}
