import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Logger } from '../domain/ports.js';
import type { RowAnalysis } from '../domain/row-analysis.js';
import { NOTHING_TO_ANALYSE, type RowAnalysisInput } from '../rca/row-analysis.js';
import { rowsToAnalyse } from '../rca/symptoms/symptoms-of.js';
import { isQuiet, type Evaluation } from './evaluate.js';

/** Quiet models' rows are analysed this often. */
const QUIET_EVERY_MS = 60_000;

export interface RowAnalysisPorts {
  readonly analyseRows: (input: RowAnalysisInput) => Promise<RowAnalysis>;
  readonly logger: Logger;
}

/** One model's rows: analysed before every evaluation while there is something to explain, and of a quiet model now and then. */
export class RowAnalysisSchedule {
  /** What was found last. */
  analysis: RowAnalysis = NOTHING_TO_ANALYSE;
  private begun = 0;
  private begunAtMs = -Infinity;

  constructor(
    private readonly ports: RowAnalysisPorts,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Evaluates with the rows analysed. A quiet model's rows are analysed beside its evaluation, which does not wait for them.
   * @param before the evaluation before this one, null at the first
   */
  async evaluate(
    state: MonitoredModelState,
    before: Evaluation | null,
    evaluateWith: (state: MonitoredModelState) => Evaluation,
    nowMs: number,
  ): Promise<Evaluation> {
    const isDue = before !== null && !isQuiet(before);
    if (isDue) await this.analyse(state, before, nowMs);
    const evaluation = evaluateWith({ ...state, rowAnalysis: this.analysis });
    if (isQuiet(evaluation)) {
      if (nowMs - this.begunAtMs >= QUIET_EVERY_MS) void this.analyse(state, evaluation, nowMs);
      return evaluation;
    }
    if (isDue) return evaluation;
    // The first evaluation that finds something: an external alert may open an incident on it.
    await this.analyse(state, evaluation, nowMs);
    return evaluateWith({ ...state, rowAnalysis: this.analysis });
  }

  private async analyse(state: MonitoredModelState, { symptoms }: Evaluation, nowMs: number): Promise<void> {
    this.begunAtMs = nowMs;
    this.begun += 1;
    const mine = this.begun;
    let found = NOTHING_TO_ANALYSE;
    try {
      found = await this.ports.analyseRows(rowsToAnalyse(state, symptoms));
    } catch (error) {
      // The other evidence still names a cause: an evaluation must not fail with one of its helpers.
      if (!this.signal.aborted)
        this.ports.logger.error({ model: state.model.id, error: String(error) }, 'row analysis failed');
    }
    // Ignore the result of an analysis that was started earlier than the newest one.
    if (this.begun === mine) this.analysis = found;
  }
}
