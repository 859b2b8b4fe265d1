import { z } from 'zod';
import { codec } from '../domain/codec.js';
import {
  FEATURE_FORMS,
  FEATURE_KINDS,
  type FeatureForm,
  type FeatureReading,
  type FeatureReadings,
} from '../domain/feature-kind.js';
import { DEFAULT_INTAKE_LIMITS } from '../domain/ingest.js';
import { quantityOf, type Features, type FeatureValue, type Observation } from '../domain/observation.js';
import { isText, textFeatures } from '../statistics/text-features.js';

/** Values that decide what a feature is. */
const VALUES_READ = 200;
/** Of fewer values it is not said that they are nearly all different, or that they only rise. */
const FEWEST_TO_COMPARE = 50;
const NEARLY_ALL_DIFFERENT = 0.8;
const NEARLY_ALL = 0.9;
/** A form or a slip that is rarer among the first values is not part of the kind. */
const OCCASIONAL = 0.01;
const SOME_LONG = 0.1;
const WORDS_OF_A_TEXT = 2;
const LENGTH_COMPARED = 200;

/** Stand for values that name rows or days: that there is one is watched, which one is not. */
const IDENTIFIER = '(identifier)';
const DATE = '(date)';
const LONG_TEXT = '(long text)';
/** Counts as of the wrong type in any feature that is no number. */
const WRONG_TYPE = 0;

type Value = Exclude<FeatureValue, null>;

const ISO_DATE = /^\d{4}[-/]\d{2}[-/]\d{2}(?:[T ]\d{2}:?\d{2}.{0,30})?$/;
const LOCAL_DATE = /^\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?:,? \d{1,2}:\d{2}.{0,20})?$/;
const CODE = /^[+-]?0\d/;
const SPELLED_BOOLEAN = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

const isDate = (text: string): boolean => ISO_DATE.test(text) || LOCAL_DATE.test(text);

function formOf(value: Value): FeatureForm {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : 'boolean';
}

/** True or false, however it is spelled; null for anything else. */
function truthOf(value: Value): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value === 1 ? true : value === 0 ? false : null;
  return SPELLED_BOOLEAN.get(value.trim().toLowerCase()) ?? null;
}

/**
 * What a feature is, from its first values: decided once for all of them, never value by value. Numbers may be written as
 * text; true and false have many spellings; texts are long, or are of several words and nearly all different; of other
 * values that are nearly all different, or whole numbers that only rise, each names a row.
 */
export function readingOf(values: readonly Value[]): FeatureReading {
  const share = (holds: (value: Value) => boolean): number => values.filter(holds).length / Math.max(1, values.length);
  const formsOf = (holds: (value: Value) => boolean): FeatureForm[] =>
    FEATURE_FORMS.filter((form) => share((value) => formOf(value) === form && holds(value)) > OCCASIONAL);
  const isDecided = values.length >= VALUES_READ;
  const distinct = new Set(values.map((value) => `${typeof value}:${String(value)}`)).size;
  const isConstant = isDecided && distinct === 1;
  const reading = (kind: FeatureReading['kind'], forms: readonly FeatureForm[]): FeatureReading => ({
    kind,
    forms,
    isConstant,
    isDecided,
  });

  const isNumeric = (value: Value): boolean => typeof value !== 'boolean' && quantityOf(value) !== null;
  const isTruth = (value: Value): boolean => truthOf(value) !== null;
  const isSpelledTruth = (value: Value): boolean => isTruth(value) && !isNumeric(value);
  if (share(isTruth) > NEARLY_ALL && share(isSpelledTruth) > OCCASIONAL) return reading('boolean', formsOf(isTruth));
  const isCode = (value: Value): boolean => typeof value === 'string' && CODE.test(value) && !value.includes('.');
  const isNumber = (value: Value): boolean => isNumeric(value) || (typeof value === 'number' && !Number.isNaN(value));
  if (share(isNumber) > 0.5 && share(isCode) <= OCCASIONAL) {
    return reading(isCounter(values) ? 'identifier' : 'number', formsOf(isNumber));
  }
  // What a table holds without quotes has become a number where no zero stood before it.
  const hasCodes = share(isCode) > OCCASIONAL;
  const texts = values.flatMap((value) =>
    typeof value === 'string' || (hasCodes && typeof value === 'number') ? [String(value)] : [],
  );
  if (texts.length <= values.length / 2)
    return reading(
      'category',
      formsOf(() => true),
    );
  // New days are new texts: a feature of which most are dates is none of categories.
  if (texts.filter(isDate).length > values.length / 2) return reading('date', ['text']);
  const isVaried = values.length >= FEWEST_TO_COMPARE && distinct >= NEARLY_ALL_DIFFERENT * values.length;
  const words = texts.reduce((sum, text) => sum + text.trim().split(/\s+/).length, 0) / texts.length;
  const isLong = texts.filter(isText).length > SOME_LONG * values.length;
  if (isLong || (isVaried && words >= WORDS_OF_A_TEXT)) return reading('text', ['text']);
  return reading(
    isVaried ? 'identifier' : 'category',
    formsOf(() => true),
  );
}

/** Whole numbers of which each is greater than the one before: they count rows, or time. */
function isCounter(values: readonly Value[]): boolean {
  if (values.length < FEWEST_TO_COMPARE) return false;
  let last = -Infinity;
  for (const value of values) {
    const number = typeof value === 'boolean' ? null : quantityOf(value);
    if (number === null || !Number.isInteger(number) || number <= last) return false;
    last = number;
  }
  return true;
}

/**
 * The kinds of one model's features. Immutable: what was learnt from rows that were refused in the end is let go of with
 * the copy that learnt it.
 */
export class FeatureKinds {
  static readonly none = new FeatureKinds(new Map(), new Map());

  private constructor(
    readonly readings: FeatureReadings,
    /** First values of the features that are not decided, texts cut short. In memory only. */
    private readonly firstValues: ReadonlyMap<string, readonly Value[]>,
  ) {}

  /** Kinds as stored; a feature that was not decided begins again with the kind it had. */
  static restored(readings: FeatureReadings): FeatureKinds {
    return new FeatureKinds(readings, new Map());
  }

  /** Learns from logged rows, oldest first. @param most features told apart; what comes beyond is read value by value */
  learn(rows: readonly Observation[], most = DEFAULT_INTAKE_LIMITS.featuresPerModel): FeatureKinds {
    const fresh = new Map<string, Value[]>();
    for (const { features, source } of rows) {
      if (features === null || source !== 'ingest') continue;
      for (const name in features) {
        const value = features[name] ?? null;
        if (value === null || this.readings.get(name)?.isDecided === true) continue;
        let values = fresh.get(name);
        if (values === undefined) {
          if (!this.readings.has(name) && this.readings.size + fresh.size >= most) continue;
          values = [...(this.firstValues.get(name) ?? [])];
          fresh.set(name, values);
        }
        if (values.length < VALUES_READ && value !== '')
          values.push(typeof value === 'string' ? value.slice(0, LENGTH_COMPARED) : value);
      }
    }
    if (fresh.size === 0) return this;
    const readings = new Map(this.readings);
    const firstValues = new Map(this.firstValues);
    for (const [name, values] of fresh) {
      const reading = { ...readingOf(values), areBlanksMissing: true };
      readings.set(name, reading);
      if (reading.isDecided) firstValues.delete(name);
      else firstValues.set(name, values);
    }
    return new FeatureKinds(readings, firstValues);
  }

  /** For another normal: what was read value by value may be of another kind in it. */
  renewed(): FeatureKinds {
    const isLost = ({ kind }: FeatureReading): boolean => kind === 'text' || kind === 'date' || kind === 'identifier';
    return new FeatureKinds(new Map([...this.readings].filter(([, reading]) => isLost(reading))), new Map());
  }

  /** True when a feature is now of another kind than it was: what was counted of it was read wrongly. */
  contradicts(before: FeatureKinds): boolean {
    for (const [name, { kind }] of before.readings) if (this.readings.get(name)?.kind !== kind) return true;
    return false;
  }

  /** The row with each value as what it is. */
  read(row: Observation): Observation {
    const { features, source } = row;
    if (features === null || source !== 'ingest') return row;
    if (!this.isOtherwise(features)) return row;
    const read = emptyFeatures();
    for (const name in features) {
      const reading = this.readings.get(name);
      const value = isBlank(reading, features[name] ?? null) ? null : (features[name] ?? null);
      if (value !== null && isDescribed(reading, value)) describe(read, features, name, value);
      else if (value === null && reading?.kind === 'text') read[partOf(features, name, 'length')] = null;
      else read[name] = value === null || reading === undefined ? value : valueAs(reading, value);
    }
    return { ...row, features: read };
  }

  /** True when reading changes anything: rows of plain numbers and categories stay what they are. */
  private isOtherwise(features: Features): boolean {
    for (const name in features) {
      const value = features[name] ?? null;
      const reading = this.readings.get(name);
      if (value === null) {
        if (reading?.kind === 'text') return true;
      } else if (isBlank(reading, value) || isDescribed(reading, value)) return true;
      else if (reading !== undefined && valueAs(reading, value) !== value) return true;
    }
    return false;
  }
}

/** An object for which no name is special. */
function emptyFeatures(): Record<string, FeatureValue> {
  return Object.create(null) as Record<string, FeatureValue>;
}

/** JSON has two ways to say that there is no value, as a table has one. */
const isBlank = (reading: FeatureReading | undefined, value: FeatureValue): boolean =>
  value === '' && reading?.areBlanksMissing === true;

/** Texts are described by numbers; so is a long one of a feature whose kind is not known. */
const isDescribed = (reading: FeatureReading | undefined, value: Value): boolean =>
  reading === undefined ? typeof value === 'string' && isText(value) : reading.kind === 'text';

/** Name of a part of a described feature, beside whatever else the row holds. */
const partOf = (features: Features, name: string, part: string): string =>
  features[`${name}.${part}`] === undefined ? `${name}.${part}` : `${name}.${part}#2`;

function describe(into: Record<string, FeatureValue>, features: Features, name: string, value: Value): void {
  // In a number's place, a truth value is of the wrong type.
  if (typeof value !== 'string') into[partOf(features, name, 'length')] = false;
  else for (const [part, each] of Object.entries(textFeatures(value))) into[partOf(features, name, part)] = each;
}

/** A value as what its feature is; one of another form becomes what the counts take for the wrong type. */
function valueAs({ kind, forms }: FeatureReading, value: Value): FeatureValue {
  const isKnownForm = forms.includes(formOf(value));
  if (kind === 'number') {
    if (!isKnownForm) return typeof value === 'boolean' ? value : String(value);
    return typeof value === 'string' ? (quantityOf(value) ?? value) : value;
  }
  if (kind === 'boolean') {
    if (typeof value === 'number' && !isKnownForm) return value;
    return truthOf(value) ?? value;
  }
  if (!isKnownForm) return WRONG_TYPE;
  if (kind === 'date') return typeof value === 'string' && isDate(value) ? DATE : WRONG_TYPE;
  if (kind === 'identifier') return IDENTIFIER;
  return typeof value === 'string' && isText(value) ? LONG_TEXT : String(value);
}

const schema: z.ZodType<FeatureReadings> = z
  .array(
    z.tuple([
      z.string(),
      z.object({
        kind: z.enum(FEATURE_KINDS),
        forms: z.array(z.enum(FEATURE_FORMS)),
        isConstant: z.boolean(),
        isDecided: z.boolean(),
        areBlanksMissing: z.boolean().optional(),
      }),
    ]),
  )
  .transform((entries) => new Map(entries));

/** Kinds of a model's features as stored: names and kinds, no values. */
export const featureReadingsCodec = codec<FeatureReadings>('feature kinds', schema, [], (readings) => [...readings]);
