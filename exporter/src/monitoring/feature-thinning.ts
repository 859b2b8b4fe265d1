import { counterUniform } from '../detection/sequential/counter-random.js';
import { featureCount, type Observation } from '../domain/observation.js';

/** Rows that the mean number of values is taken over: what a row holds must not decide whether it is looked at. */
const ROWS_AVERAGED = 100;
/** Features that are looked at per value that was sent, and what a row counts as beside its values. */
const FEATURES_PER_VALUE = 6;
const VALUES_OF_A_ROW = 8;
const SEED = 20_261;

/**
 * Which rows' features the e-detectors look at. Each row is compared with every watched feature, missing ones too, so
 * thousands of nearly empty rows for a model of hundreds of features would cost hundreds of times their bytes. Of such rows
 * some are drawn by chance, whatever is in them, so that the shares that are seen stay those of the traffic.
 */
export class FeatureThinning {
  private meanValues: number | null = null;
  private drawn = 0;

  /** Whether the row's features are looked at. @param watched features of the model */
  takes({ features }: Pick<Observation, 'features'>, watched: number): boolean {
    if (features === null) return true;
    const values = VALUES_OF_A_ROW + featureCount(features);
    const before = this.meanValues ?? values;
    this.meanValues = before + (values - before) / ROWS_AVERAGED;
    const affordable = FEATURES_PER_VALUE * before;
    if (watched <= affordable) return true;
    this.drawn += 1;
    return counterUniform(SEED, this.drawn) * watched < affordable;
  }
}
