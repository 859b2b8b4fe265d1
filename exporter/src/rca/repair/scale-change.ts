import { determination, spreadOf, type QuantilePairs } from './quantile-pairs.js';
import type { QuantileRepair } from './repair.js';

const MIN_FIT = 0.985;
/** A large factor is no coincidence, so sampling noise of a small window may cost more of the fit. */
const MIN_FIT_OF_LARGE_FACTOR = 0.85;
/** From here on any factor is reported; below only known conversions. */
const LARGE_FACTOR = 3;
/** Factors nearer to 1 than this are drift rather than another unit. */
const MIN_FACTOR = 1.5;
/** How far a fitted factor may be from a known one: for small factors, and at most for large ones where samples are few. */
const TOLERANCE = 0.02;
const TOLERANCE_ABOVE_TWO = 0.05;
const MAX_TOLERANCE = 0.2;
/** Standard errors of a fitted factor that sampling may cost. */
const MAX_STANDARD_ERRORS = 3;
/** Values this many standard deviations on one side of zero do not come to lie on the other by drift. */
const MIN_SIDED = 0.8;

const whichOf = (known: KnownFactor | null): string =>
  known !== null && known.alike.length > 0
    ? '; too few values to tell which'
    : known?.units == null
      ? ''
      : `; the factor between ${known.units}`;

/** Decimal prefixes with the binary ones that are used in their place. */
const PREFIXES = [
  [1_000, 1_024],
  [1e6, 1_024 ** 2],
  [1e9, 1_024 ** 3],
] as const;

/** Conversions people make, with the units they are between; powers of ten are between many. Reciprocals are known too. */
const KNOWN_FACTORS: readonly { readonly factor: number; readonly units: string | null }[] = [
  ...[10, 100, 1_000, 1e4, 1e6, 1e9].map((factor) => ({ factor, units: null })),
  { factor: 1_024, units: 'binary prefixes, as of GiB and MiB' },
  { factor: 1_024 ** 2, units: 'binary prefixes, as of GiB and KiB' },
  { factor: 1_024 ** 3, units: 'binary prefixes, as of GiB and bytes' },
  { factor: 60, units: 'minutes and seconds' },
  { factor: 3_600, units: 'hours and seconds' },
  { factor: 86_400, units: 'days and seconds' },
  { factor: 24, units: 'days and hours' },
  { factor: 7, units: 'weeks and days' },
  { factor: 12, units: 'years and months' },
  { factor: 52.1775, units: 'years and weeks' },
  { factor: 365.25, units: 'years and days' },
  { factor: 2.54, units: 'inches and centimetres' },
  { factor: 25.4, units: 'inches and millimetres' },
  { factor: 1 / 0.3048, units: 'metres and feet' },
  { factor: 1.609344, units: 'miles and kilometres' },
  { factor: 1 / 0.45359237, units: 'kilograms and pounds' },
  { factor: 28.349523, units: 'ounces and grams' },
  { factor: 4.184, units: 'calories and joules' },
  { factor: 180 / Math.PI, units: 'radians and degrees' },
];

/**
 * Values multiplied by a constant: a change of unit. Least squares through the origin over matched quantiles; a negative
 * factor matches each quantile with the opposite one. Below a factor of 3 only known conversions are reported, because the scale
 * of amounts and durations drifts by such factors without a fault.
 */
export const scaleChange: QuantileRepair = (feature, pairs, noise) => {
  const reversed = pairs.map(({ x }, i) => ({ x, y: pairs[pairs.length - 1 - i]?.y ?? 0 }));
  return scaled(feature, pairs, 1, noise) ?? scaled(feature, reversed, -1, noise);
};

/** @param noise standard error of a difference of means, in standard deviations of the values */
function scaled(feature: string, pairs: QuantilePairs, indicator: 1 | -1, noise: number): ReturnType<QuantileRepair> {
  const squares = pairs.reduce((sum, { x }) => sum + x * x, 0);
  if (squares === 0) return null;
  const size = (indicator * pairs.reduce((sum, { x, y }) => sum + x * y, 0)) / squares;
  if (size <= 0) return null;
  const mean = pairs.reduce((sum, { x }) => sum + x, 0) / pairs.length;
  const spread = spreadOf(pairs.map(({ x }) => x));
  if (indicator === -1 && Math.abs(mean) < MIN_SIDED * spread) return null;
  const known = knownFactor(
    size,
    indicator,
    (MAX_STANDARD_ERRORS * spread * noise) / Math.sqrt(squares / pairs.length),
  );
  if (known === null && size < LARGE_FACTOR && size > 1 / LARGE_FACTOR) return null;
  const factor = known?.factor ?? Number(size.toPrecision(3));
  const fit = determination(pairs, (x) => indicator * factor * x);
  const isLarge = indicator === -1 || factor >= LARGE_FACTOR || factor <= 1 / LARGE_FACTOR;
  if (fit < (isLarge ? MIN_FIT_OF_LARGE_FACTOR : MIN_FIT)) return null;
  const minus = indicator === 1 ? '' : '−';
  const sizes = [factor, ...(known?.alike ?? [])].map((one) => (factor >= 1 ? one : 1 / one)).sort((a, b) => a - b);
  const change = `${factor >= 1 ? 'multiplied' : 'divided'} by ${sizes.map((one) => `${minus}${round(one)}`).join(' or ')}`;
  return {
    transformation: 'scale',
    parameters: { factor: indicator * factor },
    fit,
    claim: `“${feature}” looks ${change}`,
    basis: `R² ${fit.toFixed(3)} over matched quantiles${whichOf(known)}`,
  };
}

interface KnownFactor {
  readonly factor: number;
  readonly units: string | null;
  /** Others that the values cannot tell from it: 1000 and 1024 lie 2.4 % apart. */
  readonly alike: readonly number[];
}

/** A conversion as near to the fitted factor as sampling allows; a change of indicator alone counts as one. */
function knownFactor(size: number, indicator: 1 | -1, error: number): KnownFactor | null {
  const isLarge = indicator === -1 || size >= LARGE_FACTOR || size <= 1 / LARGE_FACTOR;
  const tolerance = isLarge
    ? Math.min(MAX_TOLERANCE, Math.max(TOLERANCE, error))
    : size > 2 || size < 1 / 2
      ? TOLERANCE_ABOVE_TWO
      : TOLERANCE;
  if (indicator === -1 && Math.abs(size - 1) < tolerance) return { factor: 1, units: null, alike: [] };
  if (size < MIN_FACTOR && size > 1 / MIN_FACTOR) return null;
  const candidates = KNOWN_FACTORS.flatMap(({ factor, units }) => [
    { factor, units },
    { factor: 1 / factor, units },
  ]);
  const near = candidates
    .map((candidate) => ({ ...candidate, off: Math.abs(Math.log(size / candidate.factor)) }))
    .filter(({ off }) => off < tolerance)
    .sort((a, b) => a.off - b.off);
  const [nearest] = near;
  if (nearest === undefined) return null;
  const twin = near.find(({ factor, off }) => isTwin(factor, nearest.factor) && off < error);
  if (twin !== undefined) {
    const [decimal, binary] = nearest.units === null ? [nearest, twin] : [twin, nearest];
    return { factor: decimal.factor, units: null, alike: [binary.factor] };
  }
  const told = near.filter(({ factor }) => !isTwin(factor, nearest.factor)).slice(0, 2);
  const units = told.flatMap((each) => (each.units === null ? [] : [each.units]));
  return { factor: nearest.factor, units: units.length === 0 ? null : units.join(', or between '), alike: [] };
}

/** A decimal prefix and the binary one that is used in its place, as kilo and kibi. */
const isTwin = (a: number, b: number): boolean =>
  PREFIXES.some((pair) => a !== b && [a, b].every((factor) => pair.some((one) => isEither(factor, one))));
const isEither = (factor: number, prefix: number): boolean => factor === prefix || factor === 1 / prefix;

const round = (value: number): string => String(Number(value.toPrecision(4)));
