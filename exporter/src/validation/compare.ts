import { proportion } from '../statistics/clopper-pearson.js';
import { mcnemarTest, pairedDifference } from '../statistics/mcnemar.js';
import { meanInterval } from '../statistics/mean-interval.js';
import { medianInterval } from '../statistics/median-interval.js';
import { normalQuantile } from '../statistics/special-functions.js';
import type { Prediction } from '../domain/observation.js';
import type { AccuracyComparison, Comparison, ValidationAnswer, ValidationPair } from '../domain/validation.js';

const LEVEL = 0.95;
/** Numbers that differ by less than this share of the spread of the answers in service are the same answer. */
const SPREAD_SHARE = 0.05;
const RELATIVE_ROUNDING = 1e-6;

type Both = ValidationPair & { readonly current: ValidationAnswer };

/** Compares the answers of a candidate with those of the model in service, input by input. All intervals are 95 %. */
export function compare(pairs: readonly ValidationPair[]): Comparison {
  const both = pairs.filter(
    (pair): pair is Both => pair.current !== null && !pair.current.failed && !pair.candidate.failed,
  );
  const tolerance = toleranceOf(both.map(({ current }) => current.prediction));
  const agreeing = both.filter(({ current, candidate }) =>
    sameAnswer(current.prediction, candidate.prediction, tolerance),
  );
  const asked = pairs.filter(({ current }) => current !== null);
  const golden = pairs.filter(({ asBaseline }) => asBaseline !== null);
  const times = both.flatMap(({ current, candidate }) =>
    current.latencySeconds === null || candidate.latencySeconds === null || current.latencySeconds <= 0
      ? []
      : [{ before: current.latencySeconds, after: candidate.latencySeconds }],
  );
  const count = (origin: ValidationPair['origin']): number => pairs.filter((pair) => pair.origin === origin).length;
  return {
    inputs: { golden: count('golden'), mirrored: count('mirrored'), generated: count('generated') },
    agreement: both.length === 0 ? null : proportion(agreeing.length, both.length, LEVEL),
    numericTolerance: tolerance,
    confidenceShift: meanInterval(
      both.flatMap(({ current, candidate }) =>
        current.confidence === null || candidate.confidence === null ? [] : [candidate.confidence - current.confidence],
      ),
      LEVEL,
    ),
    candidateErrors: proportion(pairs.filter(({ candidate }) => candidate.failed).length, pairs.length, LEVEL),
    currentErrors:
      asked.length === 0
        ? null
        : proportion(asked.filter(({ current }) => current?.failed === true).length, asked.length, LEVEL),
    latencyRatio: medianInterval(
      times.map(({ before, after }) => after / before),
      LEVEL,
    ),
    latencyDifferenceSeconds:
      medianInterval(
        times.map(({ before, after }) => after - before),
        LEVEL,
      )?.value ?? null,
    accuracy: accuracyOf(both),
    golden: { compared: golden.length, asBaseline: golden.filter(({ asBaseline }) => asBaseline).length },
  };
}

/** Largest difference at which two numeric answers count as the same, null when answers are not numbers. */
function toleranceOf(answers: readonly Prediction[]): number | null {
  const numbers = answers.filter((answer) => typeof answer === 'number');
  if (numbers.length === 0 || numbers.length < answers.length) return null;
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
  return Math.max(SPREAD_SHARE * Math.sqrt(variance), RELATIVE_ROUNDING * Math.abs(mean));
}

function sameAnswer(a: Prediction, b: Prediction, tolerance: number | null): boolean {
  return typeof a === 'number' && typeof b === 'number' && tolerance !== null
    ? Math.abs(a - b) <= tolerance
    : String(a).trim() === String(b).trim();
}

function accuracyOf(both: readonly Both[]): AccuracyComparison | null {
  const labelled = both.filter(({ label }) => label !== null);
  if (labelled.length === 0) return null;
  const tolerance = toleranceOf(labelled.map(({ label }) => label));
  const answered = labelled.map(({ current, candidate, label }) => ({
    before: sameAnswer(current.prediction, label, tolerance),
    after: sameAnswer(candidate.prediction, label, tolerance),
  }));
  const count = (before: boolean, after: boolean): number =>
    answered.filter((one) => one.before === before && one.after === after).length;
  const onlyCurrentRight = count(true, false);
  const onlyCandidateRight = count(false, true);
  const rightByBoth = count(true, true);
  return {
    labelled: answered.length,
    currentRight: rightByBoth + onlyCurrentRight,
    candidateRight: rightByBoth + onlyCandidateRight,
    onlyCurrentRight,
    onlyCandidateRight,
    difference: {
      value: (onlyCandidateRight - onlyCurrentRight) / answered.length,
      interval: {
        ...pairedDifference(onlyCurrentRight, onlyCandidateRight, answered.length, normalQuantile(1 - (1 - LEVEL) / 2)),
        level: LEVEL,
      },
    },
    pValue: mcnemarTest(onlyCurrentRight, onlyCandidateRight),
  };
}
