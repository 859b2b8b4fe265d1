import { binnedSignals, frozenBins, type FrozenBins } from '../statistics/frozen-bins.js';
import { mergeSignalCounts } from '../statistics/signal-counts.js';
import type { BaselineProfile, NumericCounts, RunningCounts, SignalKey, WindowProfile } from '../domain/profile.js';
import { copied } from './copied.js';

const HISTOGRAMS = ['latency_seconds', 'confidence'] as const;

function added(sum: NumericCounts | null, window: WindowProfile, key: SignalKey): NumericCounts | null {
  const counts = window.signals.get(key);
  if (counts?.kind !== 'numeric') return sum;
  const merged = sum === null ? counts : mergeSignalCounts(sum, counts);
  return merged.kind === 'numeric' ? merged : sum;
}

interface Binned {
  readonly signal: SignalKey;
  readonly frozen: FrozenBins;
  readonly baseline: readonly number[];
  closed: readonly number[];
}

/**
 * Counts of one model that only grow, for Prometheus counters. They live in memory: a restart is a counter reset, which
 * `rate` and `increase` see through. The bins belong to one baseline version and start over with the next.
 */
export class CumulativeCounts {
  private histograms = new Map<SignalKey, NumericCounts | null>();
  private binned: Binned[] = [];
  private version: number | null = null;

  /** @param limit how many signals are counted in frozen bins */
  constructor(private readonly limit: number) {}

  copy(): CumulativeCounts {
    const copy = copied(this);
    copy.histograms = new Map(this.histograms);
    copy.binned = this.binned.map((entry) => ({ ...entry }));
    return copy;
  }

  /** A window is complete; what it counted stays counted. */
  close(window: WindowProfile): void {
    for (const key of HISTOGRAMS) this.histograms.set(key, added(this.histograms.get(key) ?? null, window, key));
    for (const entry of this.binned)
      entry.closed = sum(entry.closed, entry.frozen.count(window.signals.get(entry.signal)));
  }

  /**
   * Everything counted so far.
   * @param current the window still being filled
   * @param judged the window the exporter's own figures are about
   */
  read(baseline: BaselineProfile | null, current: WindowProfile, judged: WindowProfile): RunningCounts {
    if ((baseline?.version ?? null) !== this.version) this.rebase(baseline);
    return {
      latency: added(this.histograms.get('latency_seconds') ?? null, current, 'latency_seconds'),
      confidence: added(this.histograms.get('confidence') ?? null, current, 'confidence'),
      binned: this.binned.map(({ signal, frozen, baseline: before, closed }) => ({
        signal,
        kind: frozen.kind,
        bins: frozen.bins,
        baseline: before,
        window: frozen.count(judged.signals.get(signal)),
        total: sum(closed, frozen.count(current.signals.get(signal))),
      })),
    };
  }

  private rebase(baseline: BaselineProfile | null): void {
    this.version = baseline?.version ?? null;
    const profile = baseline?.profile;
    this.binned =
      profile === undefined
        ? []
        : binnedSignals(profile, this.limit).flatMap((signal) => {
            const counts = profile.signals.get(signal);
            if (counts === undefined) return [];
            const frozen = frozenBins(counts);
            return [{ signal, frozen, baseline: frozen.count(counts), closed: frozen.bins.map(() => 0) }];
          });
  }
}

const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + (b[i] ?? 0));
