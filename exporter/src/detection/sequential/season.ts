import type { Season } from '../../domain/alert-evidence.js';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Two days (two weeks) whose hourly means correlate this much follow a pattern; chance gives 0.2 (0.08) at most by one standard deviation. */
const DAILY_CORRELATION = 0.7;
const WEEKLY_CORRELATION = 0.5;
/** So often a lone hour is taken for a wrong time, or a trial; what comes again and again is a job of an hour a day, or a week. */
const MOST_RESTARTS = 2;
const LEAST_COMMON = 0.75;
const LEAST_RELIABILITY = 0.2;

interface Period {
  readonly hours: number;
  readonly correlation: number;
}
const DAILY: Period = { hours: DAY_HOURS, correlation: DAILY_CORRELATION };
const WEEKLY: Period = { hours: WEEK_HOURS, correlation: WEEKLY_CORRELATION };

export interface SeasonState {
  readonly startMs: number | null;
  readonly sums: readonly number[];
  readonly counts: readonly number[];
  readonly profile: readonly number[] | null;
  readonly decided: 'nothing' | 'daily' | 'weekly';
  readonly restarts?: number | undefined;
}

/**
 * The repeating pattern of one score over the day or the week: hourly means of the first two periods. A known season is
 * waited for; `auto` looks for a daily pattern after two days and for a weekly one after two weeks. Once found, the
 * pattern is subtracted, so that Monday morning is compared with Monday morning.
 */
export class SeasonalPattern {
  private startMs: number | null;
  /** As many hours as were needed until now, whole days; none before the first score, and once nothing more is asked of them. */
  private sums: Float64Array;
  private counts: Uint32Array;
  private readonly slots: number;
  /** Hourly deviation from the overall mean; null while there is no pattern. */
  private profile: readonly number[] | null;
  private decided: 'nothing' | 'daily' | 'weekly';
  private restarts: number;

  constructor(
    private readonly season: Season,
    state?: SeasonState,
  ) {
    this.slots = season === 'none' ? 0 : season === 'daily' ? 2 * DAY_HOURS : 2 * WEEK_HOURS;
    this.startMs = state?.startMs ?? null;
    this.sums = Float64Array.from(state === undefined || state.startMs === null ? [] : state.sums);
    this.counts = Uint32Array.from(state === undefined || state.startMs === null ? [] : state.counts);
    if (this.sums.length > 0) this.makeRoom(this.sums.length - 1);
    this.profile = state?.profile ?? null;
    this.decided = state?.decided ?? 'nothing';
    this.restarts = state?.restarts ?? 0;
  }

  /** A pattern may exist that could not be seen yet. */
  get isProvisional(): boolean {
    return this.season === 'auto' && this.decided === 'nothing';
  }

  /** A configured season has not been seen twice yet: nothing can be judged. */
  get isWaiting(): boolean {
    return (this.season === 'daily' || this.season === 'weekly') && this.decided === 'nothing';
  }

  /** When the first question about the pattern can be answered; null before the first score and once it is answered. */
  get decidesAtMs(): number | null {
    return this.startMs === null || this.decided !== 'nothing' ? null : this.startMs + this.hoursNeeded * HOUR_MS;
  }

  /** Hours a model must be watched before this signal can page. */
  get hoursNeeded(): number {
    return this.season === 'none' ? 0 : this.season === 'weekly' ? 2 * WEEK_HOURS : 2 * DAY_HOURS;
  }

  /** Counts scores by the hour they began in. */
  add(sum: number, count: number, atMs: number): void {
    if (this.slots === 0) return;
    if (this.startMs === null) this.restart(atMs);
    else if (this.restarts < MOST_RESTARTS && this.isFarOff(atMs)) {
      this.restarts += 1;
      this.restart(atMs);
    }
    const slot = Math.floor((atMs - (this.startMs ?? atMs)) / HOUR_MS);
    // Without a first hour nothing is counted any more.
    if (slot < 0 || slot >= this.slots || this.sums.length === 0) return;
    this.makeRoom(slot);
    this.sums[slot] = (this.sums[slot] ?? 0) + sum;
    this.counts[slot] = (this.counts[slot] ?? 0) + count;
  }

  /** What was counted until now is no beginning of two periods: they are counted from the next score on. What is decided stays. */
  beginAnew(): void {
    if (this.decided !== 'nothing') return;
    this.startMs = null;
    this.sums = new Float64Array(0);
    this.counts = new Uint32Array(0);
  }

  /** A first timestamp that nothing followed for a day was wrong, or from before a long pause: no season can be read from it. */
  private isFarOff(atMs: number): boolean {
    if (this.startMs === null || this.decided !== 'nothing' || atMs - this.startMs < DAY_HOURS * HOUR_MS) return false;
    let hours = 0;
    for (const count of this.counts) if (count > 0 && (hours += 1) > 1) return false;
    return true;
  }

  private restart(atMs: number): void {
    this.startMs = atMs;
    this.sums = new Float64Array(0);
    this.counts = new Uint32Array(0);
    this.makeRoom(0);
  }

  /** Two weeks of hours of every score would be most of what a young model takes. */
  private makeRoom(slot: number): void {
    const hours = Math.min(this.slots, Math.ceil((slot + 1) / DAY_HOURS) * DAY_HOURS);
    if (hours <= this.counts.length) return;
    const { sums, counts } = this;
    this.sums = new Float64Array(hours);
    this.counts = new Uint32Array(hours);
    this.sums.set(sums);
    this.counts.set(counts);
  }

  /** Expected deviation of the score from its mean at this time; 0 without a pattern. */
  expected(atMs: number): number {
    const { profile } = this;
    if (profile === null || this.startMs === null) return 0;
    const position = (atMs - this.startMs) / HOUR_MS - 0.5;
    const lower = Math.floor(position);
    const part = position - lower;
    const at = (hour: number): number => profile[((hour % profile.length) + profile.length) % profile.length] ?? 0;
    return at(lower) * (1 - part) + at(lower + 1) * part;
  }

  /** Which question can be answered now that two periods have passed; null when none or already answered. */
  due(nowMs: number): 'daily' | 'weekly' | null {
    if (this.startMs === null || this.season === 'none' || this.decided === 'weekly') return null;
    const hours = (nowMs - this.startMs) / HOUR_MS;
    if (this.season === 'weekly' || (this.season === 'auto' && this.decided === 'daily')) {
      return hours >= 2 * WEEK_HOURS ? 'weekly' : null;
    }
    return this.decided === 'nothing' && hours >= 2 * DAY_HOURS ? 'daily' : null;
  }

  /** Do two days (weeks) look alike? */
  repeats(question: 'daily' | 'weekly'): boolean {
    return this.similarity(question) >= (question === 'daily' ? DAILY : WEEKLY).correlation;
  }

  /**
   * Answers the question. A pattern is shrunk by its reliability 2r/(1 + r) (Spearman 1910, Brown 1910), so that noise
   * in the hourly means is not taken for a pattern.
   * @param found whether the model's traffic has the pattern at all
   * @returns true when what is subtracted has changed, so that what was learnt about the score no longer holds
   */
  settle(question: 'daily' | 'weekly', found: boolean): boolean {
    const waited = this.isWaiting;
    this.decided = question;
    const similarity = found ? Math.max(0, this.similarity(question)) : 0;
    const reliability = (2 * similarity) / (1 + similarity);
    const isPattern = reliability >= LEAST_RELIABILITY;
    if (isPattern)
      this.profile = this.fit(question === 'daily' ? DAY_HOURS : WEEK_HOURS).map((mean) => reliability * mean);
    if (question === 'weekly' || this.season === 'daily') {
      this.sums = new Float64Array(0);
      this.counts = new Uint32Array(0);
    }
    return isPattern || waited;
  }

  /** How long a reference must be learnt for, so that it holds every part of the pattern: one period, 0 without a pattern. */
  get referenceMs(): number {
    return (this.profile?.length ?? 0) * HOUR_MS;
  }

  /** Correlation of the hourly means of the two periods; 0 when too few hours were seen twice. */
  private similarity(question: 'daily' | 'weekly'): number {
    const { hours } = question === 'daily' ? DAILY : WEEKLY;
    const pairs: [number, number][] = [];
    for (let h = 0; h < hours; h += 1) {
      const first = this.mean(h);
      const second = this.mean(h + hours);
      const daily = question === 'weekly' ? (this.profile?.[h % DAY_HOURS] ?? 0) : 0;
      if (first !== null && second !== null) pairs.push([first - daily, second - daily]);
    }
    return pairs.length < LEAST_COMMON * hours ? 0 : correlationOf(pairs);
  }

  private mean(slot: number): number | null {
    const count = this.counts[slot] ?? 0;
    return count === 0 ? null : (this.sums[slot] ?? 0) / count;
  }

  private fit(hours: number): readonly number[] {
    const byHour = Array.from({ length: hours }, (_, h) => {
      const counts = (this.counts[h] ?? 0) + (this.counts[h + hours] ?? 0);
      return counts === 0 ? null : ((this.sums[h] ?? 0) + (this.sums[h + hours] ?? 0)) / counts;
    });
    const known = byHour.filter((mean) => mean !== null);
    const overall = known.reduce((sum, mean) => sum + mean, 0) / Math.max(1, known.length);
    return byHour.map((mean) => (mean === null ? 0 : mean - overall));
  }

  snapshot(): SeasonState {
    // The first hour tells that they are counted; the others end with the last one that holds something.
    const hours = Math.max(1, this.counts.findLastIndex((count) => count > 0) + 1);
    return {
      startMs: this.startMs,
      sums: [...this.sums.subarray(0, hours)],
      counts: [...this.counts.subarray(0, hours)],
      profile: this.profile,
      decided: this.decided,
      ...(this.restarts === 0 ? {} : { restarts: this.restarts }),
    };
  }
}

function correlationOf(pairs: readonly (readonly [number, number])[]): number {
  const n = pairs.length;
  const meanX = pairs.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = pairs.reduce((sum, [, y]) => sum + y, 0) / n;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (const [x, y] of pairs) {
    xx += (x - meanX) ** 2;
    yy += (y - meanY) ** 2;
    xy += (x - meanX) * (y - meanY);
  }
  return xx < 1e-9 || yy < 1e-9 ? 0 : xy / Math.sqrt(xx * yy);
}
