import type { CauseId } from '../../exporter/src/domain/cause.js';
import { hypotheses } from '../../exporter/src/rca/hypotheses.js';
import type { Truth } from './fault.js';
import { replay, type ZooCase } from './replay.js';

/** One case as the weights see it: what every indicator says of every hypothesis, and which hypotheses are right. */
export interface Example {
  readonly kind: string;
  readonly hypotheses: readonly {
    readonly cause: CauseId;
    readonly indicators: readonly number[];
    readonly isRight: boolean;
  }[];
}

const named = (truth: Truth, cause: CauseId): boolean => cause === truth.cause || truth.alsoRight.includes(cause);

/**
 * Replays cases and keeps the indicators. Where the true cause is not even in play, the right answer is "I don't know", or "nothing
 * is wrong" when there is no finding.
 */
export function examplesOf(cases: readonly ZooCase[], onCase: (done: number) => void = () => undefined): Example[] {
  return cases.map((zooCase, i): Example => {
    const { injection, evaluation } = replay(zooCase);
    onCase(i + 1);
    const { truth } = injection;
    const inPlay = hypotheses(evaluation.symptoms);
    const blames = (features: readonly string[]): boolean =>
      truth.features.length === 0 ||
      features.length === 0 ||
      features.some((feature) => truth.features.includes(feature));
    const right = inPlay.map(
      ({ definition, hypothesis }) => named(truth, definition.id) && blames(hypothesis.features),
    );
    const fallback: CauseId = inPlay.some(({ definition }) => definition.id === 'unknown') ? 'unknown' : 'none';
    const isMissed = !right.includes(true);
    return {
      kind: zooCase.kind.id,
      hypotheses: inPlay.map(({ definition, indicators }, j) => ({
        cause: definition.id,
        indicators,
        isRight: isMissed ? definition.id === fallback : right[j] === true,
      })),
    };
  });
}
