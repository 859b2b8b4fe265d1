import {
  createWindowBuilder,
  mergeWindows,
  type JudgedLabel,
  type WindowBuilder,
} from '../statistics/window-profile.js';
import type { Observation } from '../domain/observation.js';
import type { BaselineProfile, RunningCounts, WindowProfile } from '../domain/profile.js';
import { labelsIn } from './baseline-lifecycle.js';
import { CumulativeCounts } from './cumulative-counts.js';

/** One window of counts, keyed by its start. */
export interface Window {
  readonly windowStartMs: number;
  readonly profile: WindowProfile;
}

/** One model's windows: the one being filled, and those before it that are still judged or not yet stored. */
export class Windows {
  private builder: WindowBuilder;
  /** What the builder holds, until it counts on. */
  private built: WindowProfile | null = null;
  private startMs: number;
  private past: Window[];
  private unsaved: Window[] = [];
  private readonly cumulative: CumulativeCounts;

  /**
   * @param like lends grids and kinds of signals
   * @param past windows already stored, oldest first
   * @param binnedSignals signals counted in frozen bins for Prometheus
   */
  constructor(
    private like: WindowProfile,
    nowMs: number,
    past: readonly Window[],
    binnedSignals: number,
  ) {
    this.past = [...past];
    this.startMs = startAfter(nowMs, past);
    this.builder = createWindowBuilder({ like });
    this.cumulative = new CumulativeCounts(binnedSignals);
  }

  add(observation: Observation): void {
    this.built = null;
    this.builder.add(observation);
  }

  addLabel(label: JudgedLabel): void {
    this.built = null;
    this.builder.addLabel(label);
  }

  /** Counts the label that an observation counted before has got since, in the groups it belongs to. */
  addGroupLabel(row: Observation): void {
    this.built = null;
    this.builder.addGroupLabel(row);
  }

  /** The window being filled, as it stands. */
  current(): Window {
    return { windowStartMs: this.startMs, profile: this.profile() };
  }

  private profile(): WindowProfile {
    this.built ??= this.builder.build();
    return this.built;
  }

  /** A copy of the window being filled that counts on, for what may yet be refused. */
  fork(): WindowBuilder {
    return createWindowBuilder({ like: this.like, from: this.profile() });
  }

  /** Goes on from a copy that has counted on. */
  adopt(builder: WindowBuilder, profile: WindowProfile): void {
    this.builder = builder;
    this.built = profile;
  }

  /** Complete windows that are not stored yet. */
  get complete(): readonly Window[] {
    return this.unsaved;
  }

  /** The first `count` complete windows have been stored. */
  stored(count: number): void {
    this.unsaved.splice(0, count);
  }

  /** What was counted so far has been taken over; counting goes on from nothing. */
  restart(like: WindowProfile): void {
    this.cumulative.close(this.profile());
    this.like = like;
    this.built = null;
    this.builder = createWindowBuilder({ like });
  }

  /**
   * Begins the next window once this one has lasted.
   * @param isKept false while a baseline is learnt: then what was counted has been learnt from already
   * @param judgedCalls past windows are kept until they hold this many calls
   */
  rotate(nowMs: number, lengthMs: number, like: WindowProfile, isKept: boolean, judgedCalls: number): void {
    if (nowMs - this.startMs < lengthMs) return;
    if (isKept) {
      const window = this.current();
      if (window.profile.calls > 0 || labelsIn(window.profile) > 0) {
        this.past.push(window);
        this.unsaved.push(window);
      }
      this.trimPast(judgedCalls);
    }
    this.startMs = startAfter(nowMs, [...this.past, { windowStartMs: this.startMs }]);
    this.restart(like);
  }

  /** Another baseline judges from now on: what was counted under the one before is not compared with it. */
  forget(nowMs: number, like: WindowProfile): void {
    this.past = [];
    this.startMs = startAfter(nowMs, [{ windowStartMs: this.startMs }]);
    this.restart(like);
  }

  /** The newest counts with at least `judgedCalls` calls where there are that many. */
  newest(judgedCalls: number): WindowProfile {
    let window = this.profile();
    for (const past of this.past.toReversed()) {
      if (window.calls >= judgedCalls) break;
      window = mergeWindows(past.profile, window);
    }
    return window;
  }

  /** Counts that only grow; @param judged the window the figures beside them are about */
  cumulativeCounts(baseline: BaselineProfile | null, judged: WindowProfile): RunningCounts {
    return this.cumulative.read(baseline, this.profile(), judged);
  }

  private trimPast(judgedCalls: number): void {
    let calls = 0;
    let keepFrom = this.past.length;
    while (keepFrom > 0 && calls < judgedCalls) {
      keepFrom -= 1;
      calls += this.past[keepFrom]?.profile.calls ?? 0;
    }
    this.past.splice(0, keepFrom);
  }
}

/** A window's start is its key in the store: it must not meet that of an earlier window, even if the clock steps back. */
function startAfter(nowMs: number, earlier: readonly Pick<Window, 'windowStartMs'>[]): number {
  return Math.max(nowMs, ...earlier.map(({ windowStartMs }) => windowStartMs + 1));
}
