import type { IngestNote } from '../domain/ingest.js';
import type { LateLabel, Observation } from '../domain/observation.js';
import type { BaselineProfile } from '../domain/profile.js';
import { counted } from '../domain/quantity-text.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import { countAside, hasAnsweredProbe, takenUp, withChange, type CallCounters } from './call-counters.js';
import type { RowsOfSender } from './event-clock.js';
import { RowBuffer } from './row-buffer.js';

/** As many rows as may wait to be judged at all. */
const ROWS_KEPT = 20_000;

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
  /** It has an address that mlfi asks. */
  readonly isAsked: boolean;
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
 * @param came rows that were set aside since the start, these among them
 */
function takenAs({ calls, baseline, isAsked, minimumSamples }: JudgedBy, came: number): RowsTaken {
  if (calls.basis === 'ingest') return 'traffic';
  if (calls.probes === 0 || !hasAnsweredProbe(calls)) return 'first';
  if (baseline?.frozen === true) return 'aside';
  return isAsked && came < minimumSamples ? 'aside' : 'first';
}

const ROWS_COUNT = 'logged rows are counted, and nothing is found in them';

/** What is told of a model that its rows judge from now on. */
const rowsJudge = (atMs: number): ChangeEvent => ({
  atMs,
  kind: 'source',
  text: 'mlfi judges the model by its logged rows from now on, no more by its own probes, and learns a new baseline from them.',
});

const ROWS_JUDGE =
  'the model is judged by its logged rows from now on, and by mlfi’s own probes no more; a new baseline is learnt from the rows';

/** The note on logged rows of a probed model: that they are set aside, or that learning starts over with them. Null for none. */
export const noteOn = ({ told }: Pick<SplitRows, 'told'>, rows: number): IngestNote | null =>
  told === null || rows === 0 ? null : { ...told, rows, line: 1, field: '' };

/** @param came rows that were set aside since the start, these among them */
function setAside({ baseline, isAsked, minimumSamples }: JudgedBy, came: number): SplitRows['told'] {
  const reason = 'probes_judge';
  const isFrozen = baseline?.frozen === true;
  if (isFrozen && !isAsked) {
    const message = `the model is judged by nothing: it is not asked any more, and its baseline, which was learnt from mlfi’s own probes, is frozen; until it is unfrozen, ${ROWS_COUNT}`;
    return { reason, message };
  }
  const until = isFrozen
    ? 'as long as its baseline is frozen'
    : `until ${counted(minimumSamples, 'row')} were logged (baseline.minimum_samples; ${came} so far)`;
  return { reason, message: `the model is judged by mlfi’s own probes ${until}: ${ROWS_COUNT}` };
}

/**
 * Logged rows of one model that came before they were enough to judge it by. In memory only: after a start others must come,
 * and what was kept then is told as lost.
 */
export class FirstRows {
  private readonly kept = new RowBuffer(ROWS_KEPT);
  /** Rows that were set aside, those among them that are not kept any more. */
  private came = 0;

  get rows(): RowBuffer {
    return this.kept;
  }

  /** Changes nothing. @param rows as they were sent */
  split(rows: Rows, by: JudgedBy, nowMs: number): SplitRows {
    const { observations, senders } = rows;
    const { calls, baseline } = by;
    const came = this.came + observations.length;
    const taken = observations.length === 0 ? 'traffic' : takenAs(by, came);
    if (taken === 'traffic') return { taken, told: null, judged: rows, aside: [], calls, startsOver: false };
    const kept = this.kept.all;
    if (taken === 'aside') {
      const judged = { observations: [], labels: rows.labels };
      // Of a frozen baseline nobody knows whether rows will ever be learnt from: none of them makes up for another.
      const aside = baseline?.frozen === true ? [] : observations;
      const after = countAside(calls, observations, kept.length + aside.length);
      return { taken, told: setAside(by, came), judged, aside, calls: after, startsOver: false };
    }
    // Whoever sends these has sent those: a sender of their own would be waited for.
    const first = senders?.find((each) => each.rows > 0);
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
    const after = startsOver ? withChange(begun, rowsJudge(nowMs)) : begun;
    return { taken, told, judged, aside: [], calls: after, startsOver };
  }

  /** They are counted. */
  settle({ taken, aside }: Pick<SplitRows, 'taken' | 'aside'>): void {
    if (taken === 'first') this.clear();
    for (const row of aside) this.kept.push(row);
    this.came += aside.length;
    this.kept.trim();
  }

  /** What comes from now on is learnt from, and nothing that came before. */
  clear(): void {
    this.kept.clear();
    this.came = 0;
  }
}
