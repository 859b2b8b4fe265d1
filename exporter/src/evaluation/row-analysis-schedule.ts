import type { Logger } from '../domain/ports.js';
import { isQuiet, rowsToAnalyse, type Evaluation, type MonitoredModelState } from './evaluate.js';
import { NOTHING_TO_ANALYSE, type RowAnalysis, type RowAnalysisInput } from '../rca/row-analysis.js';

/** Quiet models' rows are looked into this often. */
const QUIET_EVERY_MS = 60_000;

export interface RowAnalysisPorts {
  readonly analyseRows: (input: RowAnalysisInput) => Promise<RowAnalysis>;
  readonly logger: Logger;
}

/** One model's rows: looked into before every look while there is something to explain, and of a quiet model now and then. */
export class RowAnalysisSchedule {
  /** What was found last. */
  analysis: RowAnalysis = NOTHING_TO_ANALYSE;
  private begunAtMs = -Infinity;

  constructor(
    private readonly ports: RowAnalysisPorts,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Judges with the rows looked into. A quiet model's rows are looked into beside the looking, which must not wait for them.
   * @param before the evaluation of the look before, null at the first one
   */
  async judge(
    subject: MonitoredModelState,
    before: Evaluation | null,
    judgeWith: (analysis: RowAnalysis) => Evaluation,
    nowMs: number,
  ): Promise<Evaluation> {
    const isDue = before !== null && !isQuiet(before);
    if (isDue) await this.look(subject, before, nowMs);
    const evaluation = judgeWith(this.analysis);
    if (isQuiet(evaluation)) {
      if (nowMs - this.begunAtMs >= QUIET_EVERY_MS) void this.look(subject, evaluation, nowMs);
      return evaluation;
    }
    if (isDue) return evaluation;
    // The first look that finds something: an alert of others may open an incident on it.
    await this.look(subject, evaluation, nowMs);
    return judgeWith(this.analysis);
  }

  private async look(subject: MonitoredModelState, seen: Evaluation, nowMs: number): Promise<void> {
    this.begunAtMs = nowMs;
    const found = await this.ports.analyseRows(rowsToAnalyse(subject, seen)).catch((error: unknown) => {
      // The other evidence still names a cause: a look must not fail with one of its helpers.
      if (!this.signal.aborted)
        this.ports.logger.error({ model: subject.model.id, error: String(error) }, 'the analysis of rows failed');
      return NOTHING_TO_ANALYSE;
    });
    // One begun later knows more.
    if (this.begunAtMs === nowMs) this.analysis = found;
  }
}
