import { z } from 'zod';
import { isGroupKey } from '../../statistics/group-counts.js';
import { anyNumber, codec, count, inRow, type Decoder } from '../../domain/codec.js';
import type {
  AdmissionVerdict,
  BaselineProfile,
  GoldenBaseline,
  Grid,
  LearningState,
  SignalCounts,
  SignalKey,
  UnjudgedRows,
  WindowProfile,
} from '../../domain/profile.js';

const TENTHS = 10;

const grid: z.ZodType<Grid> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unit') }),
  z.object({ kind: z.literal('asinh'), centre: z.number(), scale: z.number(), step: z.number() }),
]);

const isSignalKey = (text: string): text is SignalKey =>
  text.startsWith('feature:') || text === 'confidence' || text === 'latency_seconds' || text === 'prediction';
const signalKey = z.string().transform((text, context) => {
  if (isSignalKey(text)) return text;
  context.addIssue('is no signal');
  return z.NEVER;
});

const signalCounts: z.ZodType<SignalCounts> = z
  .discriminatedUnion('kind', [
    z.object({
      kind: z.literal('numeric'),
      entries: z.array(z.tuple([z.number(), count])),
      rest: z.object({ grid, missing: count, invalid: count }),
    }),
    z.object({
      kind: z.literal('categorical'),
      entries: z.array(z.tuple([z.string(), count])),
      rest: z.object({ other: count, missing: count, invalid: count }),
    }),
  ])
  .transform((stored): SignalCounts => {
    return stored.kind === 'numeric'
      ? { kind: stored.kind, ...stored.rest, cells: new Map(stored.entries) }
      : { kind: stored.kind, ...stored.rest, categories: new Map(stored.entries) };
  });

function packCounts(counts: SignalCounts): object {
  if (counts.kind === 'numeric') {
    const { cells, kind, ...rest } = counts;
    return { kind, entries: [...cells], rest };
  }
  const { categories, kind, ...rest } = counts;
  return { kind, entries: [...categories], rest };
}

const sumOfShares = z
  .number()
  .min(0)
  .or(z.null().transform(() => NaN));
const groupCell = z.tuple([count, count, count, sumOfShares, count, count]);

const signals = z
  .array(z.tuple([signalKey, signalCounts]))
  .refine((all) => new Set(all.map(([key]) => key)).size === all.length, 'names a signal twice');

const counts = z.object({
  signals,
  /** Absent in windows written before groups were counted. */
  groups: z.array(z.tuple([z.string().refine(isGroupKey, 'is no group'), groupCell])).default([]),
  rest: z.object({
    fromMs: anyNumber,
    toMs: anyNumber,
    calls: count,
    /** Not written when there are none, and before they were counted: then nothing is known to be absent. */
    rowsWithFeatures: count.default(0),
    failures: z.record(z.string(), count),
    labels: z.object({
      labelled: count,
      correct: count,
      labelledByConfidence: z.array(count).length(TENTHS),
      correctByConfidence: z.array(count).length(TENTHS),
      /** Absent in windows written before numeric labels were counted. */
      losses: z.record(z.string(), count).default({}),
    }),
  }),
});

/** Maps are written as arrays of pairs; everything else of a profile is JSON already. */
const profile: z.ZodType<WindowProfile> = counts.transform(({ signals, groups, rest }): WindowProfile => ({
  ...rest,
  signals: new Map(signals),
  groups: new Map(groups),
}));

/** The same document; its features and groups are neither checked nor read. */
const outline: z.ZodType<WindowProfile> = z
  .object({
    signals: z
      .array(z.tuple([z.string(), z.unknown()]))
      .transform((all) => all.filter(([key]) => !key.startsWith('feature:')))
      .pipe(signals),
    rest: counts.shape.rest,
  })
  .transform(({ signals: own, rest }): WindowProfile => ({ ...rest, signals: new Map(own), groups: new Map() }));

const packProfile = ({ signals, groups, rowsWithFeatures, ...rest }: WindowProfile): object => ({
  signals: [...signals].map(([key, counts]) => [key, packCounts(counts)]),
  groups: [...groups],
  rest: rowsWithFeatures === 0 ? rest : { ...rest, rowsWithFeatures },
});

const golden: z.ZodType<GoldenBaseline> = z.object({
  goldenId: z.string(),
  answers: count,
  answerHashes: z.record(z.string(), count),
  confidenceMean: z.number().nullable(),
  confidenceStandardDeviation: z.number().nullable(),
  shape: z.string(),
});

const unjudged: z.ZodType<readonly UnjudgedRows[] | undefined> = z
  .array(z.object({ counts: profile, cameUntilMs: z.number() }))
  .optional();
const packUnjudged = (rows: readonly UnjudgedRows[] | undefined): object =>
  rows === undefined
    ? {}
    : { unjudged: rows.map(({ counts: of, cameUntilMs }) => ({ counts: packProfile(of), cameUntilMs })) };
/** Where there are none, the document has no such field. */
const withUnjudged = <T extends object>(state: T, rows: readonly UnjudgedRows[] | undefined): T =>
  rows === undefined ? state : { ...state, unjudged: rows };

const baseline: z.ZodType<BaselineProfile> = z
  .object({
    profile,
    unjudged,
    bins: z.array(z.tuple([signalKey, z.array(z.number())])),
    rest: z.object({
      version: count,
      frozen: z.boolean(),
      admittedAtMs: z.number(),
      learntFromMs: z.number().optional(),
      learntUntilMs: z.number().optional(),
      golden: z.array(golden),
    }),
  })
  .transform(({ profile: counts, bins, unjudged: lost, rest }): BaselineProfile =>
    withUnjudged({ ...rest, profile: counts, bins: new Map(bins) }, lost),
  );

const verdict: z.ZodType<AdmissionVerdict> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('learning'),
    samples: count,
    requiredSamples: count,
    missing: z.array(z.string()),
  }),
  z.object({ kind: z.literal('admitted'), atMs: z.number() }),
  z.object({ kind: z.literal('refused'), reasons: z.array(z.string()) }),
]);

const learning: z.ZodType<LearningState> = z
  .object({
    profile,
    firstHalf: profile.nullable(),
    unjudged,
    rest: z.object({
      nextVersion: count,
      learntFromMs: z.number().optional(),
      golden: z.array(golden),
      verdict,
      startedOver: z.array(z.string()).optional(),
    }),
  })
  .transform(({ profile: counts, firstHalf, unjudged: lost, rest }): LearningState =>
    withUnjudged({ ...rest, profile: counts, firstHalf }, lost),
  );

/** `decode(encode(w))` equals w. */
export const windowCodec = codec('window', profile, [], packProfile);
/** Reads what `windowCodec` wrote, without features and groups. */
export const windowOutlineDecoder: Decoder<WindowProfile> = codec('window', outline);
export const baselineCodec = inRow(
  codec('baseline', baseline, [], ({ profile: counts, bins, unjudged: lost, ...rest }) => ({
    profile: packProfile(counts),
    bins: [...bins],
    ...packUnjudged(lost),
    rest,
  })),
  ({ version }) => ({ version }),
);
export const learningCodec = codec(
  'learning state',
  learning,
  [],
  ({ profile: counts, firstHalf, unjudged: lost, ...rest }) => ({
    profile: packProfile(counts),
    firstHalf: firstHalf === null ? null : packProfile(firstHalf),
    ...packUnjudged(lost),
    rest,
  }),
);
