import { counterUniform } from '../detection/sequential/counter-random.js';
import type { Observation } from '../domain/observation.js';

/** Rows at the beginning of a batch whose features are always looked at. */
const ROWS_ALWAYS = 20;
/** Features that are looked at per value that was sent, and what a row counts as beside its values. */
const FEATURES_PER_VALUE = 6;
const VALUES_OF_A_ROW = 8;
const SEED = 20_261;

/**
 * Which rows' features the e-detectors look at. Each row is compared with every watched feature, missing ones too, so a
 * large batch of nearly empty rows for a model of hundreds of features would cost hundreds of times its bytes. Of such a
 * batch rows are drawn by chance, whatever is in them, so that the shares seen stay those of the batch.
 */
export class FeatureThinning {
  private rows = 0;
  private drawn = 0;
  /** Features a row of the batch may cost on average. */
  private affordable = Infinity;

  /** A batch begins. */
  begin(batch: readonly Observation[]): void {
    this.rows = 0;
    let values = 0;
    for (const { features } of batch) values += Object.keys(features ?? {}).length + VALUES_OF_A_ROW;
    this.affordable = (FEATURES_PER_VALUE * values) / Math.max(1, batch.length);
  }

  /** Whether the next row's features are looked at. @param watched features of the model */
  takesNext(watched: number): boolean {
    this.rows += 1;
    if (this.rows <= ROWS_ALWAYS || watched <= this.affordable) return true;
    this.drawn += 1;
    return counterUniform(SEED, this.drawn) * watched < this.affordable;
  }
}
