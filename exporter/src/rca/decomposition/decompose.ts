import type {
  Attribution,
  Decomposition,
  DecompositionPart,
  ExperimentEvidence,
  FeatureEvidence,
} from '../../domain/symptoms.js';
import type { Observation } from '../../domain/observation.js';
import { codeCohorts, pickRows, type CodedCohorts } from '../segments/coding.js';
import { expectedLoss } from '../segments/expected-loss.js';
import { blockBootstrap, sumOf } from './block-bootstrap.js';
import { calibration } from './calibration.js';
import { decomposeAccuracy } from './labelled-rows.js';
import { createOutsideTest } from './out-of-range.js';

const MIN_ROWS = 50;

export interface DecompositionInput {
  readonly baselineRows: readonly Observation[];
  readonly rows: readonly Observation[];
  readonly features: readonly FeatureEvidence[];
  /** True when golden inputs show that the model answers otherwise, null when they cannot tell. */
  readonly modelChanged: boolean | null;
  readonly experiment: ExperimentEvidence | null;
  readonly attributions: readonly Attribution[];
  /** The rows on groups, when they were made already. */
  readonly coded?: CodedCohorts;
}

/**
 * What the change of accuracy is made of where there are labels on both sides; else of mean confidence, if the model was asked;
 * else of estimated accuracy, where the baseline's labels say what confidence is worth, the model still answers as it did and is
 * asked what it was asked then; else of mean confidence.
 * @returns null without enough rows on both sides
 */
export function decompose(input: DecompositionInput): Decomposition | null {
  return (
    decomposeAccuracy(input.baselineRows, input.rows, input.features, input.modelChanged) ??
    byExperiment(input) ??
    byCounts(input, measureOf(input))
  );
}

/** What is decomposed, read off the confidence of one row. */
interface Measure {
  readonly name: Decomposition['measure'];
  readonly of: (row: Observation) => number;
}
const CONFIDENCE: Measure = { name: 'confidence', of: ({ confidence }) => confidence ?? 0 };

/** Share of inputs that the baseline could not have had, above which what confidence was worth there is no guide. */
const MAX_STRANGE_SHARE = 0.05;

function measureOf({ baselineRows, rows, features, modelChanged }: DecompositionInput): Measure {
  const probabilityRight = modelChanged === true ? null : calibration(baselineRows);
  const outside = createOutsideTest(confident(baselineRows), features);
  const now = confident(rows);
  // A model is sure of values far from all it knows, and not because it is right.
  if (now.filter(outside).length > MAX_STRANGE_SHARE * now.length) return CONFIDENCE;
  return probabilityRight === null
    ? CONFIDENCE
    : { name: 'estimated accuracy', of: ({ confidence }) => probabilityRight(confidence ?? 0) };
}

const isConfident = ({ confidence, features }: Observation): boolean => confidence !== null && features !== null;
const confident = (rows: readonly Observation[]): Observation[] => rows.filter(isConfident);
const placesOf = (rows: readonly Observation[]): number[] => rows.flatMap((row, i) => (isConfident(row) ? [i] : []));

/**
 * Read off rows. An additive model of the baseline's measure by feature groups says how the window's rows would have been
 * answered: its mean moves by the input mix; what the window's known rows got beyond it is the model's change; rows the
 * baseline could not have had are data quality. The additive model is fitted on one half of the baseline and its bias on the
 * other half is the remainder: what such a model cannot see. Correlational: the model was not asked.
 */
function byCounts({ baselineRows, rows, features, coded }: DecompositionInput, measure: Measure): Decomposition | null {
  const before = confident(baselineRows);
  const now = confident(rows);
  if (before.length < MIN_ROWS || now.length < MIN_ROWS) return null;
  const valuesBefore = before.map(measure.of);
  const cohorts = coded ?? codeCohorts(baselineRows, rows);
  const tableBefore = pickRows(cohorts.before, placesOf(baselineRows));
  const fitted = before.flatMap((_, i) => (i % 2 === 0 ? [i] : []));
  const expect = expectedLoss(
    pickRows(tableBefore, fitted),
    Float64Array.from(fitted, (i) => valuesBefore[i] ?? 0),
  );
  const expectedBefore = expect(tableBefore);
  const expectedNow = expect(pickRows(cohorts.now, placesOf(rows)));
  const outside = createOutsideTest(before, features);
  const held = valuesBefore.flatMap((value, i) => (i % 2 === 1 ? [value - (expectedBefore[i] ?? 0)] : []));
  const bias = held.reduce((sum, residual) => sum + residual, 0) / Math.max(1, held.length);

  const termsBefore = valuesBefore.map((value, i) => [1, value, expectedBefore[i] ?? 0]);
  const termsNow = now.map((row, i) => {
    const value = measure.of(row);
    const strange = outside(row);
    // rows · value · expectation of known rows · residual of known rows · strange rows · their value
    return [
      1,
      value,
      strange ? 0 : (expectedNow[i] ?? 0),
      strange ? 0 : value - (expectedNow[i] ?? 0),
      strange ? 1 : 0,
      strange ? value : 0,
    ];
  });
  const figures = (b: readonly number[], n: readonly number[]): readonly number[] => {
    const [countB = 1, sumB = 0, expectedB = 0] = b;
    const [countN = 1, sumN = 0, expectedN = 0, residualN = 0, strange = 0, strangeSum = 0] = n;
    const from = sumB / countB;
    const known = (countN - strange) / countN;
    const total = sumN / countN - from;
    const quality = strangeSum / countN - (strange / countN) * from;
    const mix = expectedN / countN - known * (expectedB / countB);
    const model = residualN / countN - known * bias;
    return [total, quality, mix, model];
  };
  return assemble(
    measure,
    'counts',
    before,
    now,
    figures(sumOf(termsBefore), sumOf(termsNow)),
    ['data quality', 'input mix', 'model'],
    blockBootstrap(termsBefore, termsNow, figures),
  );
}

/** Found by asking: the model's own shift, and the features' parts, counted as data quality where the values are broken. */
function byExperiment(input: DecompositionInput): Decomposition | null {
  const { experiment, attributions, features } = input;
  if (experiment === null || experiment.output !== 'confidence' || experiment.modelShift === null) return null;
  const before = confident(input.baselineRows);
  const now = confident(input.rows);
  if (before.length === 0 || now.length === 0) return null;
  const broken = new Set(
    features
      .filter(
        ({ missingBefore, missingNow, invalidBefore, invalidNow, unseenShare, hint }) =>
          missingNow > missingBefore + 0.05 || invalidNow > invalidBefore + 0.05 || unseenShare > 0.05 || hint !== null,
      )
      .map(({ feature }) => feature),
  );
  const asked = attributions.filter(({ method }) => method === 'interventional-shapley');
  const quality = asked.filter(({ feature }) => broken.has(feature)).reduce((sum, { value }) => sum + value, 0);
  const from = meanOf(before, CONFIDENCE);
  const to = meanOf(now, CONFIDENCE);
  const figures = [to - from, quality, experiment.total - quality, experiment.modelShift];
  const width = (parts: readonly Attribution[]): number =>
    1.96 * Math.sqrt(parts.reduce((sum, { standardError }) => sum + (standardError ?? 0) ** 2, 0));
  const around = (value: number, half: number): { low: number; high: number; level: number } => ({
    low: value - half,
    high: value + half,
    level: 0.95,
  });
  const decomposition = assemble(
    CONFIDENCE,
    'experiment',
    before,
    now,
    figures,
    ['data quality', 'input mix', 'model'],
    null,
  );
  return {
    ...decomposition,
    parts: decomposition.parts.map((part): DecompositionPart => {
      if (part.name === 'model') return part;
      const own = asked.filter(({ feature }) => broken.has(feature) === (part.name === 'data quality'));
      return { ...part, interval: around(part.value, width(own)) };
    }),
  };
}

const meanOf = (rows: readonly Observation[], measure: Measure): number =>
  rows.reduce((sum, row) => sum + measure.of(row), 0) / rows.length;

function assemble(
  measure: Measure,
  method: Decomposition['method'],
  before: readonly Observation[],
  now: readonly Observation[],
  figures: readonly number[],
  names: readonly DecompositionPart['name'][],
  intervals: ReturnType<typeof blockBootstrap>,
): Decomposition {
  const [total = 0, ...values] = figures;
  const parts = names.map((name, i): DecompositionPart => ({
    name,
    value: values[i] ?? 0,
    interval: intervals?.[i + 1] ?? null,
  }));
  return {
    measure: measure.name,
    before: meanOf(before, measure),
    now: meanOf(now, measure),
    total,
    totalInterval: intervals?.[0] ?? null,
    parts,
    remainder: total - parts.reduce((sum, { value }) => sum + value, 0),
    method,
    interventional: method === 'experiment',
    effectiveRows: null,
  };
}
