import { FeatureKinds } from '../baseline/feature-kinds.js';
import type { FeatureReadings } from '../domain/feature-kind.js';
import type { Observation } from '../domain/observation.js';
import { copied } from './copied.js';

/** Rows read by what their features are, and what was learnt of that on the way. */
export interface ReadRows {
  readonly kinds: FeatureKinds;
  readonly observations: readonly Observation[];
  /** What was learnt of some feature before was read as another kind. */
  readonly contradicts: boolean;
}

/** One model's features as they are read now and as that is stored. */
export class FeaturesRead {
  kinds: FeatureKinds;
  private stored: FeatureKinds;

  /** @param most features told apart; read at every use */
  constructor(
    restored: FeatureReadings | null,
    private readonly most: () => number,
  ) {
    this.kinds = this.stored = restored === null ? FeatureKinds.none : FeatureKinds.restored(restored);
  }

  get readings(): FeatureReadings {
    return this.kinds.readings;
  }

  /** Reads rows and learns from them; changes nothing until `adopt`. */
  read(rows: readonly Observation[]): ReadRows {
    const kinds = this.kinds.learn(rows, this.most());
    return { kinds, observations: rows.map((row) => kinds.read(row)), contradicts: kinds.contradicts(this.kinds) };
  }

  /** The kinds to store with these; null when they are stored. */
  toStore({ kinds }: Pick<ReadRows, 'kinds'>): FeatureReadings | null {
    return kinds === this.stored ? null : kinds.readings;
  }

  /** The kinds to store as they are; null when they are stored. */
  get unstored(): FeatureReadings | null {
    return this.toStore(this);
  }

  /** `unstored` is stored. */
  allStored(): void {
    this.stored = this.kinds;
  }

  /** The same; what becomes of one changes nothing of the other. */
  copy(): FeaturesRead {
    return copied(this);
  }

  /** @returns whether something was learnt that rows read before were not read by */
  adopt({ kinds }: Pick<ReadRows, 'kinds'>, isStored: boolean): boolean {
    const isNews = this.kinds !== kinds;
    this.kinds = kinds;
    if (isStored) this.stored = kinds;
    return isNews;
  }

  /** Another normal is learnt: a feature may be of another kind in it. @returns the rows as they are read from now on */
  renew(rows: readonly Observation[]): readonly Observation[] {
    this.kinds = this.kinds.renewed().learn(rows, this.most());
    return rows.map((row) => this.kinds.read(row));
  }
}
