import { z } from 'zod';
import type { SignalEvidence } from '../../domain/alert-evidence.js';
import { codec, renameKeys } from '../../domain/codec.js';
import { isFindingSubject, type FindingSubject } from '../../domain/finding.js';
import type { Grid } from '../../domain/profile.js';
import type { CalibrationState } from './block-length.js';
import type { ConformalState } from './conformal-e-detector.js';
import type { RecoveryState } from './recovery.js';
import type { RiskState } from './risk-e-detector.js';
import type { ScoreStreamState } from './score-stream-state.js';
import type { BankState } from './shiryaev-roberts.js';
import type { SignalState } from './signal-monitor.js';
import type { Alarm } from './alarm.js';

export interface DriftMonitorState {
  readonly signals: readonly (readonly [FindingSubject, SignalState])[];
  readonly silent: readonly string[];
  readonly leanings: readonly (readonly [string, number])[];
  readonly watching: boolean;
  /** How far rows have come; absent before the first. */
  readonly rowsUntilMs?: number | undefined;
  readonly alarm: Alarm | null;
}

/** Signals of which values come at other times than those of rows: by mlfi's clock, or with labels. */
const NOT_OF_ROWS: ReadonlySet<FindingSubject> = new Set(['golden', 'accuracy', 'error_size']);

/** The newest of the times that blocks of rows' values began at, in the rows' own time; −∞ before the first value. */
export function betUntilMs({ signals }: Pick<DriftMonitorState, 'signals'>): number {
  // While rows wait for their pace to be known none is bet on, though some may be learnt from.
  const held = signals.find(([subject, { streams }]) => subject === 'errors' && streams[0]?.givenMs !== undefined);
  if (held !== undefined) return held[1].streams[0]?.startedAtMs ?? -Infinity;
  let newestMs = -Infinity;
  for (const [subject, { streams }] of signals)
    if (!NOT_OF_ROWS.has(subject)) for (const { startedAtMs } of streams) newestMs = Math.max(newestMs, startedAtMs);
  return newestMs;
}

/** What a learning period must still show before its baseline may be used. */
export interface LearningReadiness {
  readonly missing: readonly string[];
  /** Waits that nothing shortens: the configured season must have been seen. */
  readonly season: readonly string[];
  /** Signals that changed while being learnt. */
  readonly unsteady: readonly FindingSubject[];
}

/** JSON has no NaN and no infinity: they were written as null, which a number read back has always counted as 0. */
const double = z.number().or(z.null().transform(() => 0));
/** How much was counted, or a sum of squares. */
const amount = z
  .number()
  .min(0)
  .or(z.null().transform(() => 0));
/** By hand, because a state is mostly these: a state is read in two thirds of the time. */
const doubles = z.unknown().transform((value, context): readonly number[] => {
  if (!Array.isArray(value)) {
    context.addIssue('is no list of numbers');
    return z.NEVER;
  }
  const items: readonly unknown[] = value;
  return items.map((item) => {
    if (typeof item === 'number') return item;
    if (item !== null) context.addIssue('holds something else than numbers');
    return 0;
  });
});

const subject = z.string().transform((text, context) => {
  if (isFindingSubject(text)) return text;
  context.addIssue('is no signal');
  return z.NEVER;
});

const bank: z.ZodType<BankState> = z.object({ evidence: doubles, cusum: doubles, resetAtMs: doubles });
const recovery: z.ZodType<RecoveryState> = z.object({ memory: double, level: double, steps: amount });

const conformal: z.ZodType<ConformalState> = z.object({
  reference: z.object({ counts: doubles, pending: doubles }),
  up: bank,
  down: bank.nullable(),
  recovery: recovery.nullable(),
  blocks: amount,
  sum: double,
  filled: double,
  blockStartedAtMs: double,
  stakedUntilMs: z.number().optional(),
});

const calibration: z.ZodType<CalibrationState> = z.object({
  samples: amount,
  levels: z.array(
    z.object({
      carry: double,
      carried: z.boolean(),
      blocks: amount,
      sum: double,
      squares: amount,
      reference: doubles.nullable(),
    }),
  ),
});

const risk: z.ZodType<RiskState> = z.object({
  bank,
  zeros: z.object({ count: amount, lastAtMs: double, clockMs: z.number().optional() }).optional(),
  recovery: recovery.nullable(),
  stakedUntilMs: z.number().optional(),
});

const stream: z.ZodType<ScoreStreamState> = z.object({
  season: z.object({
    startMs: z.number().nullable(),
    sums: doubles,
    counts: doubles,
    profile: doubles.nullable(),
    decided: z.enum(['nothing', 'daily', 'weekly']),
    restarts: amount.optional(),
  }),
  calibration: calibration.nullable(),
  stationarity: conformal.nullable(),
  clock: z.object({ samples: amount, newestMs: double, counts: doubles, sums: doubles }),
  givenMs: amount.optional(),
  sampleMs: double,
  recent: z.object({ sampleMs: amount, clockMs: double }).optional(),
  learntUnsteadiness: double,
  sum: double,
  filled: double,
  startedAtMs: double,
  detector: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('shift'), levels: doubles, states: z.array(conformal) }),
      z.object({
        kind: z.literal('risk'),
        level: double,
        bound: z.number().gt(0).lt(1),
        variance: z.number().nullable(),
        state: risk,
      }),
      z.object({ kind: z.literal('untestable') }),
    ])
    .nullable(),
});

const grid: z.ZodType<Grid> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unit') }),
  z.object({ kind: z.literal('asinh'), centre: z.number(), scale: z.number(), step: z.number() }),
]);

const signal: z.ZodType<SignalState> = z.object({
  kind: z.enum(['numeric', 'categorical', 'loss']),
  streams: z.array(stream),
  counter: amount,
  warm: z.array(z.tuple([z.number().or(z.string()), amount])),
  effectiveSampleSize: z
    .object({ samples: amount, sum: double, squares: amount, products: double, last: double })
    .nullable(),
  grid: grid.nullable(),
  quantiles: z.object({ edges: doubles, counts: doubles }).nullable(),
  seen: z
    .object({
      low: z.number(),
      high: z.number(),
      atMs: z.number(),
      went: z.enum(['near', 'suddenly', 'in a pause']),
      anyTime: z.literal(true).optional(),
      far: z.object({ low: z.number(), high: z.number(), values: amount, atMs: z.number() }).nullable(),
    })
    .optional(),
  watched: z.array(z.string()),
  known: z.array(z.string()),
});

const evidence: z.ZodType<SignalEvidence> = z.object({
  subject,
  watch: z.enum(['learning', 'provisional', 'watching', 'changed']),
  logEvidence: double,
  logRatio: double,
  changeAtMs: z.number().nullable(),
  direction: z.enum(['up', 'down', 'changed']),
  statistic: z.string(),
  blockSamples: double,
  weight: double,
  note: z.string().nullable(),
});

const state: z.ZodType<DriftMonitorState> = z.object({
  signals: z.array(z.tuple([subject, signal])),
  silent: z.array(z.string()),
  leanings: z.array(z.tuple([z.string(), double])),
  watching: z.boolean(),
  rowsUntilMs: z.number().optional(),
  alarm: z
    .object({
      atMs: z.number(),
      changeAtMs: z.number(),
      confirmed: z.array(subject),
      suspects: z.array(subject),
      logEvidence: double,
      signals: z.array(evidence),
    })
    .nullable(),
});

/** Version 2 has the field's terms for the parts of a signal, and the document's version outside of the state. */
function takeFieldTerms(old: unknown): unknown {
  const read = z.looseObject({ version: z.literal(1), signals: z.unknown() }).safeParse(old);
  if (!read.success) return old;
  const terms = { channels: 'streams', wander: 'effectiveSampleSize', ruler: 'quantiles' };
  return { ...read.data, signals: withUntestable(renameKeys(read.data.signals, terms)) };
}

/** A detector that could not be had was called hopeless. */
function withUntestable(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(withUntestable);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      key === 'kind' && value === 'hopeless' ? 'untestable' : withUntestable(value),
    ]),
  );
}

/** Version 3 holds losses of 0 that are not bet on yet; before, there were none. */
const keepZeros = (old: unknown): unknown => old;

/** Version 4 has the range of values that numbers jump out of; it is begun from their quantiles where there is none. */
const withoutRanges = (old: unknown): unknown => old;

/** Version 5 knows of training sets, which have no pace; what was given before has begun by another. */
const withoutTrainingSets = (old: unknown): unknown => old;

/** Version 6 knows how much time its detectors have staked; what ran before begins with its next step. */
const withoutStakes = (old: unknown): unknown => old;

/** The state of one model's e-detectors as stored: a running detector goes on where it was, bit by bit. */
export const driftMonitorCodec = codec('drift monitor', state, [
  takeFieldTerms,
  keepZeros,
  withoutRanges,
  withoutTrainingSets,
  withoutStakes,
]);
