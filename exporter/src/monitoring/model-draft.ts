import type { AlertEvidence } from '../domain/alert-evidence.js';
import type { BaselineProfile } from '../domain/profile.js';
import { atOnce } from '../domain/turns.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { BaselineRequirements } from '../domain/thresholds.js';
import { baselineIn } from './baseline-lifecycle.js';
import { withChange, withDeclaredVersion, type CallCounters } from './call-counters.js';
import type { FeaturesRead } from './features-read.js';
import { countRows, type Counted } from './increment.js';
import type { ModelTraffic } from './model-traffic.js';

const NO_ROWS = { observations: [], labels: [] };

/**
 * A model as somebody wants it to be, beside the model as it is: written first, and then the model becomes it. What cannot be
 * written has changed nothing.
 */
export class ModelDraft {
  constructor(
    public calls: CallCounters,
    readonly features: FeaturesRead,
    readonly traffic: ModelTraffic,
    private readonly requirements: BaselineRequirements,
  ) {}

  get baseline(): BaselineProfile | null {
    return baselineIn(this.traffic.phase);
  }

  /** Evidence against the false-page budget as it stands. */
  evidence(): AlertEvidence {
    return this.traffic.parts.detectors.monitor.evidence();
  }

  recordChange(change: ChangeEvent): void {
    this.calls = withChange(this.calls, change);
  }

  /** Somebody says which version is in service. */
  declareVersion(before: string | null, now: string): void {
    this.calls = withDeclaredVersion(this.calls, before, now);
  }

  /**
   * Starts the next baseline version; the old one no longer judges.
   * @param fromMs what came since is learnt from at once, as far as it is in memory: accepted as the new normal; null
   *   learns from now on
   */
  relearn(fromMs: number | null = null): void {
    const since = fromMs ?? Infinity;
    this.calls = { ...this.calls, rowsAside: undefined };
    const { rows, parts } = this.traffic;
    // What came before was sent as the old normal, also where it waits for the watermark.
    this.traffic.unlearnt = parts.pending.until(since);
    const cutMs = parts.arrivals.cut();
    this.traffic.relearnFrom(
      this.features.renew(rows.since(since)),
      parts.golden.since(since),
      fromMs ?? (cutMs === null ? undefined : cutMs + 1),
    );
  }

  freeze(frozen: boolean): void {
    this.traffic.freeze(frozen);
  }

  /** What the store is to hold of it. */
  records(nowMs: number): Counted {
    const { calls, features, traffic } = this;
    const { parts, phase, earlyLabels, baselineToSave } = traffic;
    const state = { ...parts, phase, earlyLabels, calls, baselineToSave, kindsToSave: features.unstored };
    return atOnce(countRows(state, NO_ROWS, false, [], this.requirements, nowMs));
  }
}
