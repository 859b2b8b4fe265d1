import type { FeatureKinds } from '../baseline/feature-kinds.js';
import { setAside, storable } from '../baseline/learning.js';
import type { DriftMonitorState } from '../detection/sequential/drift-monitor-state.js';
import type { FeatureReadings } from '../domain/feature-kind.js';
import type { NumberedLabels } from '../domain/ledger.js';
import type { Observation } from '../domain/observation.js';
import type { BaselineProfile, LearningState, UnjudgedRows } from '../domain/profile.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import type { ArrivalClock } from './arrival-clock.js';
import {
  gridsOf,
  labelledBaseline,
  labelsOfLearning,
  learnFrom,
  relearnt,
  withLabelledHalf,
  type BaselinePhase,
} from './baseline-lifecycle.js';
import { countCall, withArrival, type CallCounters } from './call-counters.js';
import type { WaitingLabel } from './early-labels.js';
import type { FailingSince } from './failing-since.js';
import type { Rows, SplitRows } from './first-rows.js';
import type { GoldenAnswers } from './golden-answers.js';
import { evidenceToStore, type EvidenceToStore } from './label-evidence.js';
import type { LabelledWindow } from './label-history.js';
import { matchedOnArrival, type AwaitingAnswer, type Join, type MatchedLabel } from './label-joiner.js';
import type { LostRows } from './lost-rows.js';
import type { PendingRows } from './pending-rows.js';
import type { RunningDetectors } from './running-detectors.js';
import { storableIn, storableLearning } from './storable.js';
import { pieces } from '../domain/turns.js';
import { subtractWindows } from '../statistics/subtract-windows.js';
import { emptyWindow, mergeWindows, type WindowLimits } from '../statistics/window-profile.js';
import { spanOf, type LearningPeriod } from './unseen-rows.js';
import { mapped, withCounted, type Countable } from './countable.js';
import { PIECES_OF_A_WINDOW, type Window, type WindowsToStore } from './window.js';
import type { Windows } from './windows.js';

/** What the store is to hold of one model once its rows are counted. Rare categories are folded away. */
export interface Records {
  readonly counters: CallCounters;
  /** A version just admitted or frozen; null when there is none to write. */
  readonly baseline: BaselineProfile | null;
  /** The learning period as it stands, or that the one of `baseline` is over; null when there is none to write. */
  readonly learning: LearningState | null;
  readonly windows: readonly Window[];
  /** Counts to be added to what is stored of older windows; made when they are asked for, once. */
  readonly amendments: Iterable<Window>;
  /** Null when the e-detectors' state is not due. */
  readonly detectors: DriftMonitorState | null;
  readonly labelEvidence: EvidenceToStore;
  /** Null when the kinds of the features are stored as they are. */
  readonly kinds: FeatureReadings | null;
}

/** What was counted and is not stored: answers to mlfi's own probes only, which the next ones give again, or other things as well. */
export type Unsaved = 'nothing' | 'probes' | 'all';

/** What was stored of a model. */
export interface StoredModelState {
  readonly counters: CallCounters | null;
  readonly baseline: BaselineProfile | null;
  readonly learning: LearningState | null;
  /** The newest, as many as are judged, oldest first. */
  readonly windows: readonly Window[];
  /** Starts of windows dated later than mlfi's clock says it is; absent where nothing was stored. */
  readonly aheadMs?: readonly number[];
  /** Labels of older windows, oldest first. */
  readonly olderLabels: readonly LabelledWindow[];
  /** What `monitor` does not hold of labels that came; absent where there is none. */
  readonly labelEvidence?: readonly NumberedLabels[];
  readonly monitor: DriftMonitorState | null;
  readonly kinds: FeatureReadings | null;
}

/** Rows that are prepared for a commit. The model itself has not changed; `records` says what it would be. */
export interface Staged {
  readonly rows: Rows;
  /** How the rows were taken; `rows` are those that are judged. */
  readonly split: SplitRows;
  /** The observations before their features were read. */
  readonly sent: readonly Observation[];
  /** What the features are with these rows taken into account; the rows are read by it. */
  readonly kinds: FeatureKinds;
  /**
   * What was learnt of some feature was read as another kind, or was learnt from probes while these are enough logged rows:
   * learning starts over with these rows.
   */
  readonly startsOver: boolean;
  readonly answers: readonly AwaitingAnswer[];
  readonly labels: readonly WaitingLabel[];
  /** Pure, piece by piece. @param judged the labels that found their answer */
  records(judged: readonly MatchedLabel[], nowMs: number): Generator<void, Counted>;
}

/** The records, and what the model must know of them once they are stored. */
export interface Counted {
  readonly records: Records;
  /** What `baseline` of the records was made of. */
  readonly baseline: BaselineProfile | null;
  /** What `windows` of the records was made of. */
  readonly windows: readonly Window[];
}

/** Rows that were written: with it the model itself can count them. */
export interface Written {
  readonly staged: Staged;
  readonly join: Join;
  readonly counted: Counted;
}

/** The parts of a model's state that counting reads. */
export interface CountingState {
  readonly phase: BaselinePhase;
  readonly calls: CallCounters;
  readonly arrivals: Pick<ArrivalClock, 'latestMs'>;
  readonly failing: Pick<FailingSince, 'isFailing'>;
  readonly windows: Pick<Windows, 'limits' | 'current' | 'toStore' | 'labels'>;
  readonly lost: Pick<LostRows, 'left'>;
  readonly pending: Pick<
    PendingRows,
    'waiting' | 'nextLabel' | 'newLabel' | 'lowestLabel' | 'labelsOfRows' | 'isAtOnce'
  >;
  /** Labels of answers that learning has not come to. */
  readonly earlyLabels: readonly MatchedLabel[];
  readonly golden: Pick<GoldenAnswers, 'learning'>;
  readonly detectors: Pick<RunningDetectors, 'toSave' | 'rowsUnsaved' | 'rowsHeld' | 'hasUnsavedLabels' | 'unseen'>;
  /** A version just admitted or frozen that is not stored yet. */
  readonly baselineToSave: BaselineProfile | null;
  /** The kinds to store, null when they are stored. */
  readonly kindsToSave: FeatureReadings | null;
}

/**
 * What the store is to hold once the rows are counted, piece by piece. Pure: the state stays what it is, and has to until the end.
 * @param startsOver learning starts over with these rows
 */
export function* countRows(
  state: CountingState,
  { observations }: Rows,
  startsOver: boolean,
  judged: readonly MatchedLabel[],
  requirements: BaselineRequirements,
  nowMs: number,
): Generator<void, Counted> {
  const { calls, windows } = state;
  const phase = startsOver ? relearnt(state.phase, requirements) : state.phase;
  const arrived = observations.map((row) => ({ row, judged: matchedOnArrival(row) }));
  const { waiting } = state.pending;
  const late = phase.kind === 'admitted' ? labelledBaseline(phase, judged) : { baseline: null, others: [] };
  const baseline = late.baseline ?? state.baselineToSave;
  const toStore =
    phase.kind === 'learning' ? NO_WINDOWS : yield* windows.toStore({ rows: arrived, labels: late.others }, waiting);
  const detectors = startsOver ? null : state.detectors.toSave(nowMs, calls.basis === 'probe');
  const learning = learningWith(
    phase,
    { rows: [...waiting, ...arrived], labels: [...state.earlyLabels, ...judged] },
    startsOver ? null : windows,
    state.golden,
    requirements,
    windows.limits(),
    (labels, period) => ({
      counts: state.detectors.unseen.counts(startsOver || detectors !== null, period, labels, windows.limits()),
      cameUntilMs: state.arrivals.latestMs ?? nowMs,
    }),
  );
  const { rowsUnsaved: unsaved, rowsHeld } = state.detectors;
  const rowsUnsaved = startsOver ? 0 : Math.max(detectors === null ? unsaved : 0, rowsHeld);
  const hasLabelsToDrop = state.detectors.hasUnsavedLabels || state.pending.lowestLabel < 0;
  const droppedLabels = startsOver ? 'rows' : detectors !== null && hasLabelsToDrop ? 'held' : null;
  const folded = storableIn(phase);
  const fold = ({ windowStartMs, profile }: Window): Window => ({ windowStartMs, profile: folded(profile) });
  const written: Window[] = [];
  for (const window of toStore.windows) {
    written.push(fold(window));
    yield* pieces(PIECES_OF_A_WINDOW);
  }
  return {
    records: {
      counters: {
        ...(observations.length === 0 ? calls : withArrival(observations.reduce(countCall, calls), nowMs)),
        waiting: Math.round(waiting.length + observations.length + rowsUnsaved) + state.lost.left,
        judgesAtOnce: state.pending.isAtOnce(nowMs) || undefined,
        cutShort: state.pending.isAtOnce(nowMs) ? calls.cutShort : undefined,
        labelDelays: windows.labels.learntDelays,
        arrivedUntilMs: state.arrivals.latestMs ?? undefined,
        failing: state.failing.isFailing || undefined,
      },
      baseline: baseline === null ? null : storable(baseline),
      learning: storableLearning(learning, baseline, requirements),
      windows: written,
      amendments: mapped(toStore.amendments, fold),
      detectors,
      labelEvidence: evidenceToStore(state.pending, arrived, judged, phase.kind === 'admitted', droppedLabels),
      kinds: state.kindsToSave,
    },
    baseline: state.baselineToSave,
    windows: toStore.windows,
  };
}

const NO_WINDOWS: WindowsToStore = { windows: [], amendments: [] };

/**
 * The learning period with all rows that have come, those that still wait for older ones too; null outside of one. What would be
 * lost if the process ended now is set aside, and turns nothing.
 * @param unseen of labels that came just now, and of the period: what no stored e-detector has seen
 */
function learningWith(
  phase: BaselinePhase,
  countable: Countable,
  windows: Pick<Windows, 'current'> | null,
  golden: Pick<GoldenAnswers, 'learning'>,
  requirements: BaselineRequirements,
  limits: WindowLimits,
  unseen: (labels: readonly MatchedLabel[], period: LearningPeriod) => UnjudgedRows,
): LearningState | null {
  if (phase.kind !== 'learning') return null;
  const seen = windows?.current() ?? null;
  const counted = withCounted(gridsOf(phase), seen, { ...countable, labels: [] }, limits);
  // Nothing waits: the counts hold the rows that do.
  const { own, phase: labelled } = labelsOfLearning(phase, counted, countable.labels, Infinity);
  const increment = withCounted(gridsOf(phase), counted, { rows: [], labels: own }, limits);
  const period = withLabelledHalf(labelled, own);
  const profile = mergeWindows(phase.learning.profile, increment);
  const lost = unseen(own, {
    // There may be much of it: it is not counted once more.
    waits: { ...subtractWindows(counted, seen ?? emptyWindow()), ...spanOf(countable.rows) },
    before: seen === null ? gridsOf(phase) : mergeWindows(gridsOf(phase), seen),
  });
  if (lost.counts.calls > 0) return setAside({ ...period.learning, profile, golden: golden.learning() }, lost);
  return (learnFrom(period, increment, golden.learning(), requirements) ?? period).learning;
}
