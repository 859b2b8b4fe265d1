import { featureCount, type LateLabel, type Observation } from '../domain/observation.js';
import { copied } from './copied.js';

/** Values that a row may have on average before fewer rows are kept: what is kept in memory is bounded in values, too. */
export const VALUES_PER_ROW = 100;
/** What a row of a few features takes, in values. */
const VALUES_OF_AN_EMPTY_ROW = 20;

/** The newest observations in memory, oldest first; never written. A label that comes later joins the row it belongs to. */
export class RowBuffer {
  private rows: Observation[] = [];
  /** Rows that have left at the front; a row's place is counted from the first row ever. */
  private left = 0;
  private values = 0;
  /** Places of the rows that may still get their label, by prediction id. */
  private unlabelled = new Map<string, number>();

  constructor(private readonly kept: number) {}

  /** The same; what becomes of one changes nothing of the other. */
  copy(): RowBuffer {
    const copy = copied(this);
    copy.rows = [...this.rows];
    copy.unlabelled = new Map(this.unlabelled);
    return copy;
  }

  get all(): readonly Observation[] {
    return this.rows;
  }

  push(row: Observation): void {
    if (row.predictionId !== null && row.label === null && row.failure === null)
      this.unlabelled.set(row.predictionId, this.left + this.rows.length);
    this.rows.push(row);
    this.values += valuesOf(row);
  }

  /** What the rows take in memory, in values. */
  get valuesHeld(): number {
    return this.values;
  }

  /** Lets the oldest rows go beyond those to be kept, and beyond what they may hold together. */
  trim(kept = this.kept): void {
    const most = this.kept * VALUES_PER_ROW;
    let surplus = Math.max(0, this.rows.length - Math.min(kept, this.kept));
    let values = this.rows.slice(0, surplus).reduce((sum, row) => sum + valuesOf(row), 0);
    for (; this.values - values > most; surplus += 1) values += valuesOf(this.rows[surplus]);
    if (surplus === 0) return;
    this.values -= values;
    for (const [place, row] of this.rows.splice(0, surplus).entries())
      if (row.predictionId !== null && this.unlabelled.get(row.predictionId) === this.left + place)
        this.unlabelled.delete(row.predictionId);
    this.left += surplus;
  }

  /**
   * Puts each label into its row, if that is still here and has none.
   * @returns the rows that got one
   */
  label(labels: readonly LateLabel[]): Observation[] {
    const joined: Observation[] = [];
    for (const { predictionId, label } of labels) {
      const place = this.unlabelled.get(predictionId);
      if (place === undefined) continue;
      this.unlabelled.delete(predictionId);
      const row = this.rows[place - this.left];
      if (row === undefined) continue;
      const judged = { ...row, label };
      this.rows[place - this.left] = judged;
      joined.push(judged);
    }
    return joined;
  }

  since(atMs: number): Observation[] {
    return this.rows.filter((row) => row.atMs >= atMs);
  }

  /** Rows that are dated later leave. */
  dropAfter(atMs: number): void {
    if (this.rows.every((row) => row.atMs <= atMs)) return;
    const kept = this.rows.filter((row) => row.atMs <= atMs);
    this.clear();
    for (const row of kept) this.push(row);
  }

  clear(): void {
    this.left += this.rows.length;
    this.rows = [];
    this.values = 0;
    this.unlabelled.clear();
  }
}

/** Characters of a text that take as much as another value. */
const CHARACTERS_OF_A_VALUE = 20;

/** What the texts of a row take that is kept as it was sent, in values; 0 of none. */
export function textValuesOf(sent: Observation | undefined): number {
  const features = sent?.features ?? {};
  let values = 0;
  for (const name in features) {
    const value = features[name];
    if (typeof value === 'string') values += value.length / CHARACTERS_OF_A_VALUE;
  }
  return Math.round(values);
}

/** What a row takes in memory, in values. */
export const valuesOf = (row: Observation | undefined): number =>
  VALUES_OF_AN_EMPTY_ROW + featureCount(row?.features ?? null);
