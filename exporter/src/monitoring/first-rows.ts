import type { IngestNote } from '../domain/ingest.js';
import type { LateLabel, Observation } from '../domain/observation.js';
import type { BaselineProfile } from '../domain/profile.js';
import { counted } from '../domain/quantity-text.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import {
  countAside,
  hasAnsweredProbe,
  lastHeardAtMs,
  takenUp,
  withChange,
  type CallCounters,
} from './call-counters.js';
import type { RowsOfSender } from './event-clock.js';

/** Rows and late labels that are counted together or not at all. */
export interface Rows {
  readonly observations: readonly Observation[];
  /** Who sent the observations, in their order; absent where all are of one. */
  readonly senders?: readonly RowsOfSender[];
  readonly labels: readonly LateLabel[];
}

/**
 * What logged rows are to a model: `traffic` it is judged by, the rows with which that begins (`first`), or rows that are only
 * counted (`aside`) because mlfi's own probes judge it.
 */
export type RowsTaken = 'traffic' | 'first' | 'aside';

/** What a model that gets logged rows is judged by. */
export interface JudgedBy {
  readonly calls: CallCounters;
  readonly baseline: Pick<BaselineProfile, 'frozen'> | null;
  /** As many rows as a baseline needs. */
  readonly minimumSamples: number;
}

/** Logged rows as they are to be counted. */
export interface SplitRows {
  readonly taken: RowsTaken;
  /** What whoever sent them is told; null where nothing is to be told. */
  readonly told: Pick<IngestNote, 'reason' | 'message'> | null;
  /** Rows that are judged, those among them that were set aside before; with all labels. */
  readonly judged: Rows;
  readonly aside: readonly Observation[];
  /** The counters that the judged rows are counted onto; those set aside are counted. */
  readonly calls: CallCounters;
  /** What was learnt from probes describes other inputs: learning starts over with these rows. */
  readonly startsOver: boolean;
}

/**
 * Probes judge a model that has answered them until as many rows were logged as a baseline needs: one row sent by mistake takes
 * no baseline away. A frozen baseline stays, however many come.
 */
function takenAs({ calls, baseline, minimumSamples }: JudgedBy, rows: number): RowsTaken {
  if (rows === 0 || calls.basis === 'ingest') return 'traffic';
  if (calls.probes === 0 || !hasAnsweredProbe(calls)) return 'first';
  if (baseline?.frozen === true) return 'aside';
  return (calls.rowsAside ?? 0) + rows < minimumSamples ? 'aside' : 'first';
}

/** Without a row for so long, a model may be judged by probes again. */
const ROWS_STOPPED_MS = 3_600_000;

/** What is told of a model that is judged by something else from now on. */
const sourceChanged = (basis: CallCounters['basis'], atMs: number): ChangeEvent => ({
  atMs,
  kind: 'source',
  text:
    basis === 'ingest'
      ? 'Enough rows were logged: mlfi judges the model by them from now on, no more by its own probes, and learns a new baseline from them.'
      : 'No row was logged for an hour when the baseline was reset: mlfi judges the model by its own probes again.',
});

/** The counters of a model that learns anew: where it is still asked and no rows come any more, its probes judge it again. */
export function judgedAnew(calls: CallCounters, nowMs: number): CallCounters {
  const heardAtMs = lastHeardAtMs(calls) ?? -Infinity;
  const isAsked = hasAnsweredProbe(calls) && (calls.lastProbeAtMs ?? -Infinity) > heardAtMs;
  if (calls.basis !== 'ingest' || !isAsked || nowMs - heardAtMs < ROWS_STOPPED_MS) return calls;
  const asked: CallCounters = { ...calls, basis: 'probe', lastPredictionAtMs: null, lastArrivalAtMs: null };
  return withChange(asked, sourceChanged('probe', nowMs));
}

const ROWS_JUDGE =
  'enough rows were logged: the model is judged by them from now on, and by mlfi’s own probes no more; a new baseline is learnt from the rows';

/** The note on logged rows of a probed model: that they are set aside, or that learning starts over with them. Null for none. */
export const noteOn = ({ told }: Pick<SplitRows, 'told'>, rows: number): IngestNote | null =>
  told === null || rows === 0 ? null : { ...told, rows, line: 1, field: '' };

/** @param sofar rows that were set aside, these among them */
function setAside({ baseline, minimumSamples }: JudgedBy, sofar: number): SplitRows['told'] {
  const until =
    baseline?.frozen === true
      ? 'as long as its baseline is frozen'
      : `until ${counted(minimumSamples, 'row')} were logged (baseline.minimum_samples; ${sofar} so far)`;
  const message = `the model is judged by mlfi’s own probes ${until}: logged rows are counted, and nothing is found in them`;
  return { reason: 'probes_judge', message };
}

/** Logged rows of one model that came before they were enough to judge it by. In memory only: their number is stored. */
export class FirstRows {
  private kept: readonly Observation[] = [];

  get rows(): readonly Observation[] {
    return this.kept;
  }

  /** Changes nothing. @param rows as they were sent */
  split(rows: Rows, by: JudgedBy, nowMs: number): SplitRows {
    const { observations, senders } = rows;
    const taken = takenAs(by, observations.length);
    const { calls, baseline } = by;
    if (taken === 'traffic') return { taken, told: null, judged: rows, aside: [], calls, startsOver: false };
    if (taken === 'aside') {
      const judged = { observations: [], labels: rows.labels };
      // Of a frozen baseline nobody knows whether rows will ever be learnt from: none of them makes up for another.
      const kept = baseline?.frozen === true ? [] : observations;
      const after = countAside(calls, observations, kept.length);
      const told = setAside(by, after.rowsAside ?? 0);
      return { taken, told, judged, aside: kept, calls: after, startsOver: false };
    }
    const { kept } = this;
    // Whoever sends these has sent those: a sender of their own would be waited for.
    const [first] = senders ?? [];
    const judged = {
      ...rows,
      observations: [...kept, ...observations],
      ...(senders !== undefined && first !== undefined
        ? { senders: [{ sender: first.sender, rows: kept.length }, ...senders] }
        : {}),
    };
    const startsOver = calls.probes > 0;
    const told = startsOver ? { reason: 'rows_judge' as const, message: ROWS_JUDGE } : null;
    const begun: CallCounters = { ...takenUp(calls, kept), basis: 'ingest' };
    const after = startsOver ? withChange(begun, sourceChanged('ingest', nowMs)) : begun;
    return { taken, told, judged, aside: [], calls: after, startsOver };
  }

  /** They are counted. */
  settle({ taken, aside }: Pick<SplitRows, 'taken' | 'aside'>): void {
    this.kept = taken === 'first' ? [] : [...this.kept, ...aside];
  }
}
