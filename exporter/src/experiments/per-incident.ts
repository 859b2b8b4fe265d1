import { blamesNothing, type CauseId } from '../domain/cause.js';
import type { IncidentId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { CohortShapley } from '../domain/row-analysis.js';

/** Experiments per incident: the first, and one more each time its story turns to another cause. */
const MOST_EXPERIMENTS = 3;

/** The experiments of one incident, the newest under way or done. Each has the operator's budget of calls. */
export class IncidentExperiments {
  /** Resolves when no experiment is under way. */
  done: Promise<void> = Promise.resolve();
  /** What is known from experiments so far. */
  result: CohortShapley | null = null;
  private begun = 0;
  private running = false;
  /** The cause the incident had once the newest result had been weighed; null while it has not. */
  private answered: CauseId | null = null;

  constructor(readonly incident: IncidentId) {}

  /**
   * True when there is something to ask: nothing has been asked yet, or the incident's cause is no longer the one it had when
   * the last result had been weighed. The incident keeps its cause for some evaluations, so one evaluation's change of mind asks nothing.
   */
  wantsMore({ diagnosis }: IncidentRow): boolean {
    if (this.running) return false;
    if (this.begun === 0) return true;
    const cause = diagnosis.causes[0]?.id ?? 'none';
    if (this.answered === null) {
      if (this.result !== null && diagnosis.experiment?.atMs === this.result.experiment.atMs) this.answered = cause;
      return false;
    }
    return cause !== this.answered && !blamesNothing(cause) && this.begun < MOST_EXPERIMENTS;
  }

  /**
   * Runs an experiment beside everything else.
   * @param ask rejects only for a fault of this program
   * @param settled called with the error, or with null, once it is over
   */
  begin(ask: () => Promise<CohortShapley>, settled: (error: Error | null) => void): void {
    this.begun += 1;
    this.running = true;
    this.done = ask()
      .then((result) => {
        // A question that could not be put again takes nothing back of what is known.
        if (this.result === null || result.attributions.length > 0) {
          this.result = result;
          this.answered = null;
        }
        settled(null);
      })
      .catch((error: unknown) => settled(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.running = false;
      });
  }
}
