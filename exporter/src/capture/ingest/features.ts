import { DEFAULT_INTAKE_LIMITS, type IntakeLimits } from '../../domain/ingest.js';
import type { FeatureValue, Features } from '../../domain/observation.js';
import { isText, textFeatures } from '../../statistics/text-features.js';
import { hasDecimalComma, isUnfit, madeFit, plainValue } from './values.js';
import { describeVector, isVector, SHORTEST_VECTOR } from './vectors.js';
import { Refusal, type Tell } from './verdicts.js';

/**
 * How lists and texts are read. `shortestVector`: numeric lists from this length on are described as one vector.
 * `elementsNamed`: of other lists, so many elements are features of their own; the rest is only counted. `describesTexts`:
 * long texts become numbers at once; otherwise they are kept until the kind of their feature says how they are read.
 */
export interface ValueReading {
  readonly shortestVector: number;
  readonly elementsNamed: number;
  readonly describesTexts: boolean;
}
const LOGGED: ValueReading = { shortestVector: SHORTEST_VECTOR, elementsNamed: 16, describesTexts: false };
const NAMES_REMEMBERED = 10_000;

/**
 * An object for which no name is special (`__proto__`, `constructor`) and a feature that was not sent is `undefined`, in
 * V8's fast form (one from `Object.create(null)` is not).
 */
class FeatureRow {
  [name: string]: FeatureValue;
}
Reflect.deleteProperty(FeatureRow.prototype, 'constructor');
Reflect.setPrototypeOf(FeatureRow.prototype, null);

type Limits = Pick<IntakeLimits, 'featuresPerEvent' | 'featureNameLength' | 'nestingDepth' | 'arrayLength'>;

const untold: Tell = () => undefined;

/**
 * Nested objects and lists of an input as flat features, names joined by dots. Named scalars come first, then long texts,
 * then lists. Where two spellings meet (`a.b` beside `{a: {b}}`) the dots within a name are written `\.`.
 * Time is linear in the size of the value.
 * @throws Refusal for what is nested too deep or a list that is too long
 */
export function flattenFeatures(
  value: unknown,
  limits: Limits = DEFAULT_INTAKE_LIMITS,
  tell: Tell = untold,
  reading: ValueReading = LOGGED,
): Features {
  return new Flattener(limits, tell, reading).flatten(value);
}

/** Rows of more names are kept as JSON made them: V8 keeps an object that is filled name by name as a hash table from here on. */
const NAMES_COPIED = 12;

/**
 * As `flattenFeatures` of an object that is nobody else's, which may become the features itself: most rows are flat, with
 * names and values that stay what they are.
 */
export function featuresFrom(given: object, limits: Limits, tell: Tell): Features {
  if (!isFlat(given, limits)) return flattenFeatures(given, limits, tell);
  const features = new FeatureRow();
  let names = 0;
  for (const name in given) {
    names += 1;
    if (names <= NAMES_COPIED) features[name] = given[name] ?? null;
    else return Reflect.setPrototypeOf(given, FeatureRow.prototype) ? given : flattenFeatures(given, limits, tell);
  }
  return features;
}

/** Each of its names is a feature as it is; nothing would be changed or told. */
function isFlat(given: object, { featuresPerEvent, featureNameLength }: Limits): given is Features {
  let names = 0;
  for (const name in given) {
    names += 1;
    if (names > featuresPerEvent || name === '' || fitName(name, featureNameLength) !== name) return false;
    if (!isAsSent((given as Readonly<Record<string, unknown>>)[name])) return false;
  }
  return true;
}

function isAsSent(value: unknown): boolean {
  // Minus zero becomes zero.
  if (typeof value === 'number') return !Number.isNaN(value) && !Object.is(value, -0);
  if (typeof value !== 'string') return typeof value === 'boolean' || value === null;
  return value.charCodeAt(0) !== 0 && !isText(value) && !isUnfit(value) && !hasDecimalComma(value);
}

interface Place {
  readonly name: string;
  /** The name with its own dots escaped; null when it has none. */
  readonly escaped: string | null;
  readonly depth: number;
}

class Flattener {
  private readonly features = new FeatureRow();
  private size = 0;
  private readonly later: { readonly value: readonly unknown[] | string; readonly place: Place }[] = [];
  /** Escaped names of the features that hold a dot of their own, by name. */
  private dotted: Map<string, string> | null = null;
  /** Names that only escaped ones stand for. */
  private contested: Set<string> | null = null;

  constructor(
    private readonly limits: Limits,
    private readonly tell: Tell,
    private readonly reading: ValueReading,
  ) {}

  flatten(value: unknown): Features {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) this.walkObject(value, null);
    else if (Array.isArray(value)) this.walkElements(value as readonly unknown[], null, this.limits.featuresPerEvent);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
      this.walk(value, { name: 'value', escaped: null, depth: 1 });
    for (let i = 0; i < this.later.length; i += 1) {
      const entry = this.later[i];
      if (entry === undefined) continue;
      if (typeof entry.value === 'string') this.putText(entry.value, entry.place);
      else this.walkList(entry.value, entry.place);
    }
    return this.features;
  }

  private walk(value: unknown, place: Place): void {
    if (typeof value === 'number') this.put(place, this.numberOf(value, place));
    else if (typeof value === 'string') this.walkText(value, place);
    else if (typeof value === 'boolean' || value === null) this.put(place, value);
    else if (Array.isArray(value)) this.later.push({ value: value as readonly unknown[], place });
    else if (typeof value === 'object') this.walkObject(value, place);
  }

  private walkObject(value: object, place: Place | null): void {
    this.checkDepth(place);
    for (const name in value) {
      if (this.isFull(place)) return;
      this.walk((value as Readonly<Record<string, unknown>>)[name], this.placeOf(name, place));
    }
  }

  private walkList(list: readonly unknown[], place: Place): void {
    if (list.length > this.limits.arrayLength)
      throw new Refusal(
        'array_too_long',
        place.name,
        `a list of more than ${this.limits.arrayLength} elements (intake.limits.array_length)`,
      );
    if (isVector(list, this.reading.shortestVector))
      for (const [part, value] of describeVector(list)) this.put(this.placeOf(part, place), value);
    else this.walkElements(list, place, this.reading.elementsNamed);
  }

  private walkElements(list: readonly unknown[], place: Place | null, most: number): void {
    this.checkDepth(place);
    const named = Math.min(list.length, most);
    for (let i = 0; i < named && !this.isFull(place); i += 1) this.walk(list[i], this.placeOf(String(i), place));
    if (named === list.length) return;
    if (place !== null) this.put(this.placeOf('length', place), list.length);
    this.tell('array_cut', place?.name ?? '', `only the first ${named} elements of the list are watched`);
  }

  private checkDepth(place: Place | null): void {
    if (place !== null && place.depth >= this.limits.nestingDepth)
      throw new Refusal(
        'nested_too_deep',
        'features',
        `features are nested deeper than ${this.limits.nestingDepth} levels (intake.limits.nesting_depth)`,
      );
  }

  private numberOf(value: number, place: Place): FeatureValue {
    if (!Number.isNaN(value)) return value + 0;
    this.tell('not_a_number', place.name, 'NaN counts as missing');
    return null;
  }

  private walkText(text: string, place: Place): void {
    const value = plainValue(text);
    if (typeof value === 'number') this.put(place, this.numberOf(value, place));
    else if (isText(text)) this.later.push({ value: text, place });
    else if (isUnfit(text)) {
      this.tell('text_changed', place.name, 'a NUL or half a surrogate pair was replaced by U+FFFD');
      this.put(place, madeFit(text));
    } else {
      if (hasDecimalComma(text))
        this.tell('decimal_comma', place.name, 'a number with a decimal comma is read as a text; write 1.5 for 1,5');
      this.put(place, text);
    }
  }

  private putText(text: string, place: Place): void {
    if (!this.reading.describesTexts) {
      this.put(place, isUnfit(text) ? madeFit(text) : text);
      return;
    }
    const described = textFeatures(text);
    for (const part in described) this.put(this.placeOf(part, place), described[part] ?? null);
  }

  private placeOf(given: string, parent: Place | null): Place {
    const own = given === '' ? '(empty)' : given;
    if (given === '') this.tell('name_changed', own, 'a feature without a name is called (empty)');
    const hasDots = own.includes('.');
    if (parent === null) return { name: own, escaped: hasDots ? escapedName(own) : null, depth: 1 };
    const escaped =
      parent.escaped === null && !hasDots
        ? null
        : `${parent.escaped ?? parent.name}.${hasDots ? escapedName(own) : own}`;
    return { name: `${parent.name}.${own}`, escaped, depth: parent.depth + 1 };
  }

  private put({ name: given, escaped }: Place, value: FeatureValue): void {
    const name = this.fit(given);
    const free = this.features[name] === undefined && this.contested?.has(name) !== true;
    if (free) {
      if (escaped !== null) (this.dotted ??= new Map<string, string>()).set(name, escaped);
      this.store(name, value);
      return;
    }
    this.tell('colliding_names', name, 'a name with a dot and a nested one meet; the dot of the name is written \\.');
    if (escaped !== null) this.storeBeside(escaped, value);
    const holder = this.dotted?.get(name);
    if (holder === undefined) {
      if (escaped === null) this.storeBeside(name, value);
      return;
    }
    const moved = this.features[name];
    if (moved !== undefined) {
      this.dotted?.delete(name);
      this.remove(name);
      this.storeBeside(holder, moved);
    }
    if (escaped === null) this.store(name, value);
    else (this.contested ??= new Set<string>()).add(name);
  }

  /** Under the name, or one like it that is free. */
  private storeBeside(given: string, value: FeatureValue): void {
    const name = this.fit(given);
    let free = name;
    for (let copy = 2; this.features[free] !== undefined; copy += 1) free = `${name}#${copy}`;
    this.store(free, value);
  }

  private remove(name: string): void {
    this.size -= 1;
    Reflect.deleteProperty(this.features, name);
  }

  /** Nothing more is read once a row has all the features it may have; what is left out is told. */
  private isFull(place: Place | null): boolean {
    const { featuresPerEvent } = this.limits;
    if (this.size < featuresPerEvent) return false;
    this.tell(
      'features_cut',
      place?.name ?? 'features',
      `only the first ${featuresPerEvent} features of a row are watched (intake.limits.features_per_event)`,
    );
    return true;
  }

  private store(name: string, value: FeatureValue): void {
    if (this.isFull(null)) return;
    this.size += 1;
    this.features[name] = value;
  }

  private fit(given: string): string {
    const name = fitName(given, this.limits.featureNameLength);
    if (name !== given)
      this.tell('name_changed', name, 'a name that is too long, or holds control or unfit characters, was changed');
    return name;
  }
}

const escapedName = (name: string): string => name.replaceAll('.', '\\.');

/** Names seen before, by what they became: the same few come with every row. */
const fitNames = new Map<string, string>();

function fitName(name: string, longest: number): string {
  if (name.length > longest) return shortened(name, longest);
  const known = fitNames.get(name);
  if (known !== undefined) return known;
  const readable = withoutControls(isUnfit(name) ? madeFit(name) : name);
  const fit = readable.length > longest ? shortened(name, longest) : readable;
  if (fitNames.size >= NAMES_REMEMBERED) fitNames.clear();
  fitNames.set(name, fit);
  return fit;
}

const CONTROLS = /\p{Cc}/gu;

/** Control characters written as JSON writes them: they would break lines and terminals wherever the name is shown. */
const withoutControls = (name: string): string =>
  name.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The beginning of a long name and a hash of all of it (FNV-1a, 32 bits), so that two long names stay two. */
function shortened(name: string, longest: number): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  const beginning = withoutControls(madeFit(name.slice(0, longest)))
    .slice(0, longest - 9)
    .replace(/[\ud800-\udbff]$/, '');
  return `${beginning}~${(hash >>> 0).toString(16).padStart(8, '0')}`;
}
