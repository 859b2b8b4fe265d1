import type { MonitoredModelState } from '../domain/monitored-model-state.js';
import type { Clock, Logger } from '../domain/ports.js';
import type { RowAnalysis } from '../domain/row-analysis.js';
import { NOTHING_TO_ANALYSE, type RowAnalysisInput } from '../rca/row-analysis.js';
import { rowsToAnalyse } from '../rca/symptoms/symptoms-of.js';
import { isQuiet, type Evaluation } from './evaluate.js';

/** Quiet models' rows are analysed this often. */
const QUIET_EVERY_MS = 60_000;
/** An evaluation waits this long for its rows, then it goes on with what was found last: others' rows may come first. */
const ANALYSIS_WAIT_MS = 5_000;
/** Of the time it takes, waiting included, a model's analysis is run a tenth: what is dear is done less often. */
const SHARE_OF_TIME = 0.1;

export interface RowAnalysisPorts {
  readonly analyseRows: (input: RowAnalysisInput) => Promise<RowAnalysis>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** One model's rows: analysed before every evaluation while there is something to explain, and of a quiet model now and then. */
export class RowAnalysisSchedule {
  /** What was found last. */
  analysis: RowAnalysis = NOTHING_TO_ANALYSE;
  private begunAtMs = -Infinity;
  private notBeforeMs = -Infinity;
  /** The analysis under way; null between two. */
  private running: Promise<void> | null = null;

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
      if (nowMs - this.begunAtMs >= QUIET_EVERY_MS)
        this.analyse(state, evaluation, nowMs).catch((error: unknown) => this.failed(state.model.id, error));
      return evaluation;
    }
    if (isDue) return evaluation;
    // The first evaluation that finds something: an external alert may open an incident on it.
    await this.analyse(state, evaluation, nowMs);
    return evaluateWith({ ...state, rowAnalysis: this.analysis });
  }

  /** Analyses the rows unless that would take too much, one analysis at a time; resolves early when it takes long. */
  private async analyse(state: MonitoredModelState, { symptoms }: Evaluation, nowMs: number): Promise<void> {
    if (this.running !== null) await this.waitFor(this.running);
    if (this.running !== null || nowMs < this.notBeforeMs) return;
    this.begunAtMs = nowMs;
    this.running = this.run(() => rowsToAnalyse(state, symptoms), state.model.id).finally(() => {
      this.running = null;
    });
    await this.waitFor(this.running);
  }

  private async run(input: () => RowAnalysisInput, model: string): Promise<void> {
    const { clock } = this.ports;
    const startedAtMs = clock.now();
    try {
      this.analysis = await this.ports.analyseRows(input());
    } catch (error) {
      // The other evidence still names a cause: an evaluation must not fail with one of its helpers.
      this.analysis = NOTHING_TO_ANALYSE;
      this.failed(model, error);
    }
    this.notBeforeMs = this.begunAtMs + (clock.now() - startedAtMs) / SHARE_OF_TIME;
  }

  private failed(model: string, error: unknown): void {
    if (!this.signal.aborted) this.ports.logger.error({ model, error: String(error) }, 'row analysis failed');
  }

  private async waitFor(analysis: Promise<void>): Promise<void> {
    const given = new AbortController();
    const signal = AbortSignal.any([given.signal, this.signal]);
    await Promise.race([analysis, this.ports.clock.sleep(ANALYSIS_WAIT_MS, signal)]);
    given.abort();
  }
}
