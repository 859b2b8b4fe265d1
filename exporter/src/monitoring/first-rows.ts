import type { IngestNote } from '../domain/ingest.js';
import type { LateLabel, Observation } from '../domain/observation.js';
import type { BaselineProfile } from '../domain/profile.js';
import { counted } from '../domain/quantity-text.js';
import { countAside, hasAnsweredProbe, takenUp, type CallCounters } from './call-counters.js';
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
export function takenAs({ calls, baseline, minimumSamples }: JudgedBy, rows: number): RowsTaken {
  if (rows === 0 || calls.basis === 'ingest') return 'traffic';
  if (calls.probes === 0 || !hasAnsweredProbe(calls)) return 'first';
  if (baseline?.frozen === true) return 'aside';
  return (calls.rowsAside ?? 0) + rows < minimumSamples ? 'aside' : 'first';
}

/** What whoever sends logged rows of a probed model is told: that they are set aside, or that learning starts over with them. */
export function noteOnFirstRows(by: JudgedBy, rows: number): IngestNote | null {
  const taken = takenAs(by, rows);
  const { calls, baseline, minimumSamples } = by;
  if (taken === 'traffic' || calls.probes === 0) return null;
  const said = { rows, line: 1, field: '' };
  if (taken === 'first') {
    const message =
      'enough rows were logged: the model is judged by them from now on, and by mlfi’s own probes no more; a new baseline is learnt from the rows';
    return { ...said, reason: 'rows_judge', message };
  }
  const sofar = (calls.rowsAside ?? 0) + rows;
  const until =
    baseline?.frozen === true
      ? 'as long as its baseline is frozen'
      : `until ${counted(minimumSamples, 'row')} were logged (baseline.minimum_samples; ${sofar} so far)`;
  const message = `the model is judged by mlfi’s own probes ${until}: logged rows are counted, and nothing is found in them`;
  return { ...said, reason: 'probes_judge', message };
}

/** Logged rows of one model that came before they were enough to judge it by. In memory only: their number is stored. */
export class FirstRows {
  private kept: readonly Observation[] = [];

  /** Changes nothing. @param rows as they were sent */
  split(rows: Rows, by: JudgedBy): SplitRows {
    const { observations, senders } = rows;
    const taken = takenAs(by, observations.length);
    const { calls } = by;
    if (taken === 'traffic') return { taken, judged: rows, aside: [], calls, startsOver: false };
    if (taken === 'aside') {
      const judged = { observations: [], labels: rows.labels };
      return { taken, judged, aside: observations, calls: countAside(calls, observations), startsOver: false };
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
    return { taken, judged, aside: [], calls: { ...takenUp(calls, kept), basis: 'ingest' }, startsOver };
  }

  /** They are counted. */
  settle({ taken, aside }: Pick<SplitRows, 'taken' | 'aside'>, { baseline }: Pick<JudgedBy, 'baseline'>): void {
    if (taken === 'first') this.kept = [];
    // Of a frozen baseline nobody knows whether rows will ever be learnt from.
    else if (baseline?.frozen !== true) this.kept = [...this.kept, ...aside];
  }
}
