import type { GoldenComparison, GoldenEvidence } from '../domain/symptoms.js';
import type { GoldenBaseline } from '../domain/profile.js';
import { answersApart, isKnownAnswer, isSketch } from '../statistics/token-overlap.js';

/** A confidence counts as moved beyond the larger of this and so many standard deviations of its own past. */
const CONFIDENCE_TOLERANCE = 0.05;
const STANDARD_DEVIATIONS = 4;
/** An input whose past answers were this varied is noise, and noise cannot change. */
const NOISY_SHARE = 0.5;
const NEVER_ASKED: GoldenBaseline = {
  goldenId: '',
  answers: 0,
  answerHashes: {},
  confidenceMean: null,
  confidenceStandardDeviation: null,
  shape: '',
};

/** Same questions, what answers? Compares golden answers now with those of the baseline; with none, judges their spread alone. */
export function goldenEvidence(before: readonly GoldenBaseline[], now: readonly GoldenBaseline[]): GoldenEvidence {
  const past = new Map(before.map((input) => [input.goldenId, input]));
  let compared = 0;
  let changed = 0;
  let answersChanged = 0;
  let confidencesMoved = 0;
  let shapeChanged = false;
  const shifts: number[] = [];
  for (const input of now) {
    const known = past.get(input.goldenId);
    if (known === undefined || known.answers === 0 || input.answers === 0) continue;
    compared += 1;
    shapeChanged ||= known.shape !== '' && input.shape !== '' && known.shape !== input.shape;
    const answered = answerChanged(known, input);
    // The confidence of a text is that of its own words: of other words it is another one.
    const shift = answered && isSketch(mostFrequent(input)[0]) ? null : shiftOf(known, input);
    if (shift !== null) shifts.push(shift);
    if (answered) answersChanged += 1;
    const moved = confidenceMoved(known, input, shift);
    if (moved) confidencesMoved += 1;
    if (answered || moved) changed += 1;
  }
  return {
    inputs: now.length,
    compared,
    changed,
    answersChanged,
    confidencesMoved,
    confidenceShift: shifts.length === 0 ? null : shifts.reduce((sum, shift) => sum + shift, 0) / shifts.length,
    confidenceSpread: pooledSpread(now),
    answerFlipShare: flipShare(now),
    shapeChanged,
  };
}

/** Each golden input by itself: answered as in the baseline or not. Inputs only one side knows are `unanswered`. */
export function compareGoldenInputs(
  before: readonly GoldenBaseline[],
  now: readonly GoldenBaseline[],
): readonly GoldenComparison[] {
  const of = (side: readonly GoldenBaseline[], id: string): GoldenBaseline =>
    side.find(({ goldenId }) => goldenId === id) ?? { ...NEVER_ASKED, goldenId: id };
  const ids = new Set([...before, ...now].map(({ goldenId }) => goldenId));
  return [...ids].map((id) => compared(of(before, id), of(now, id)));
}

function compared(known: GoldenBaseline, input: GoldenBaseline): GoldenComparison {
  const both = known.answers > 0 && input.answers > 0;
  return {
    goldenId: input.goldenId,
    verdict: both ? verdictOf(known, input) : 'unanswered',
    answersBefore: known.answers,
    answersNow: input.answers,
    distinctBefore: Object.keys(known.answerHashes).length,
    distinctNow: Object.keys(input.answerHashes).length,
    confidenceBefore: known.confidenceMean,
    confidenceNow: input.confidenceMean,
    confidenceTolerance: both && shiftOf(known, input) !== null ? toleranceOf(known, input) : null,
  };
}

function verdictOf(known: GoldenBaseline, input: GoldenBaseline): GoldenComparison['verdict'] {
  if (answerChanged(known, input)) return 'answer-changed';
  if (confidenceMoved(known, input, shiftOf(known, input))) return 'confidence-moved';
  return isNoisy(known) ? 'noisy' : 'same';
}

function isNoisy({ answers, answerHashes }: GoldenBaseline): boolean {
  return answers > 1 && answersApart(answerHashes).size / answers > NOISY_SHARE;
}

function mostFrequent(input: GoldenBaseline): [hash: string, times: number] {
  return Object.entries(input.answerHashes).reduce<[string, number]>(
    (best, entry) => (entry[1] > best[1] ? entry : best),
    ['', 0],
  );
}

function answerChanged(before: GoldenBaseline, now: GoldenBaseline): boolean {
  return !isNoisy(before) && !isKnownAnswer(mostFrequent(now)[0], Object.keys(before.answerHashes));
}

function shiftOf(before: GoldenBaseline, now: GoldenBaseline): number | null {
  return before.confidenceMean === null || now.confidenceMean === null
    ? null
    : now.confidenceMean - before.confidenceMean;
}

function confidenceMoved(before: GoldenBaseline, now: GoldenBaseline, shift: number | null): boolean {
  return shift !== null && Math.abs(shift) > toleranceOf(before, now);
}

function toleranceOf(before: GoldenBaseline, now: GoldenBaseline): number {
  const spread = Math.max(
    before.confidenceStandardDeviation ?? 0,
    (now.confidenceStandardDeviation ?? 0) / Math.sqrt(now.answers),
  );
  return Math.max(CONFIDENCE_TOLERANCE, STANDARD_DEVIATIONS * spread);
}

/** Standard deviation within inputs, pooled over those answered at least twice. */
function pooledSpread(now: readonly GoldenBaseline[]): number | null {
  const repeated = now.filter((input) => input.answers > 1 && input.confidenceStandardDeviation !== null);
  const weight = repeated.reduce((sum, input) => sum + input.answers - 1, 0);
  if (weight === 0) return null;
  return Math.sqrt(
    repeated.reduce((sum, input) => sum + (input.answers - 1) * (input.confidenceStandardDeviation ?? 0) ** 2, 0) /
      weight,
  );
}

/** Share of the pairs of answers to one input that differ: one half for a coin, whatever the number of its answers. */
function flipShare(now: readonly GoldenBaseline[]): number | null {
  const pairsOf = (answers: number): number => (answers * (answers - 1)) / 2;
  const pairs = now.reduce((sum, { answers }) => sum + pairsOf(answers), 0);
  if (pairs === 0) return null;
  const alike = now
    .flatMap(({ answerHashes }) => [...answersApart(answerHashes).values()])
    .reduce((sum, times) => sum + pairsOf(times), 0);
  return (pairs - alike) / pairs;
}
