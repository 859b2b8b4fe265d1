/** What one part of a pattern may be, written out for a variant. */
type Part = (variant: number) => string;

const LONGEST = 200;
const LONGEST_PATTERN = 500;
/** Counts within counts may ask for more than there is time for. */
const MOST_REPEATS = 2_000;
const TOO_LONG = ' '.repeat(LONGEST + 1);
const LONGER_AT_MOST = 3;
const DIGITS = '0123456789';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const WORDS = `${LETTERS}${LETTERS.toUpperCase()}${DIGITS}_`;
const CLASSES: Readonly<Record<string, string>> = { d: DIGITS, w: WORDS, s: ' ' };
const QUANTIFIER = /^(?:([?*+])|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})/;

/**
 * A text that a simple regular expression matches as a whole: characters, classes, groups, alternatives and counts. Nothing of the
 * server's is ever run.
 * @returns null for a pattern with anything else in it
 */
export function textOfPattern(pattern: string, variant: number): string | null {
  if (pattern.length > LONGEST_PATTERN) return null;
  const body = pattern.replace(/^\^/, '').replace(/(?<!\\)\$$/, '');
  const reader = new PatternReader(body);
  const part = reader.alternatives();
  const text = part === null || !reader.isAtEnd ? null : part(variant);
  return text === null || text.length > LONGEST ? null : text;
}

/** The texts of all, up to where they are too long. */
function joined<T>(all: readonly T[], textOf: (one: T) => string): string {
  let text = '';
  for (const one of all) {
    if (text.length > LONGEST) return TOO_LONG;
    text += textOf(one);
  }
  return text;
}

class PatternReader {
  private at = 0;
  private parts = 0;
  private repeats = 0;

  constructor(private readonly pattern: string) {}

  get isAtEnd(): boolean {
    return this.at >= this.pattern.length;
  }

  /** One of several sequences; null where something is not understood. */
  alternatives(): Part | null {
    const options: Part[] = [];
    do {
      const option = this.sequence();
      if (option === null) return null;
      options.push(option);
    } while (this.takes('|'));
    return (variant) => options[variant % options.length]?.(variant) ?? '';
  }

  private sequence(): Part | null {
    const parts: Part[] = [];
    while (!this.isAtEnd && this.pattern[this.at] !== '|' && this.pattern[this.at] !== ')') {
      const atom = this.atom();
      const part = atom === null ? null : this.repeated(atom);
      if (part === null) return null;
      parts.push(part);
    }
    return (variant) => joined(parts, (part) => part(variant));
  }

  private repeated(part: Part): Part | null {
    const [quantifier = '', sign, least, comma, most] = QUANTIFIER.exec(this.pattern.slice(this.at)) ?? [];
    if (quantifier === '') return part;
    this.at += quantifier.length;
    // A lazy or possessive one.
    if (this.pattern[this.at] === '?' || this.pattern[this.at] === '+') return null;
    const from = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
    const isOpen = sign === '*' || sign === '+' || (comma !== undefined && most === undefined);
    const longer = isOpen ? LONGER_AT_MOST : sign === '?' ? 1 : Number(most ?? from) - from;
    if (longer < 0 || from > LONGEST) return null;
    const choices = 1 + Math.min(longer, LONGER_AT_MOST);
    return (variant) => {
      const times = Array.from({ length: from + (variant % choices) }, (_, i) => variant + i);
      return joined(times, (one) => {
        this.repeats += 1;
        return this.repeats > MOST_REPEATS ? TOO_LONG : part(one);
      });
    };
  }

  private atom(): Part | null {
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    if (character === '(') return this.group();
    if (character === '[') return this.characterClass();
    if (character === '\\') return this.escaped();
    if (character === '.') return this.oneOf(LETTERS);
    return /[\^$*+?{}\]]/.test(character) ? null : () => character;
  }

  private group(): Part | null {
    if (this.takes('?') && !this.takes(':')) return null;
    const inner = this.alternatives();
    return inner !== null && this.takes(')') ? inner : null;
  }

  private escaped(): Part | null {
    const characters = this.escapedCharacters();
    return characters === null ? null : this.oneOf(characters);
  }

  /** What an escape stands for; null for an assertion, a property or a reference. */
  private escapedCharacters(): string | null {
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    if (CLASSES[character] !== undefined) return CLASSES[character];
    return /[A-Za-z0-9]|^$/.test(character) ? null : character;
  }

  private characterClass(): Part | null {
    let characters = '';
    while (!this.isAtEnd && !this.takes(']')) {
      const members = this.members();
      if (members === null) return null;
      characters += members;
    }
    return characters === '' || this.pattern[this.at - 1] !== ']' ? null : this.oneOf(characters);
  }

  /** One character of a class, or a range of them. */
  private members(): string | null {
    const first = this.pattern[this.at] ?? '';
    this.at += 1;
    if (first === '\\') return this.escapedCharacters();
    if (first === '^' || first === '[') return null;
    const [, last] = /^-([^\]\\])/.exec(this.pattern.slice(this.at)) ?? [];
    if (last === undefined) return first;
    this.at += 2;
    const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
    return to < from || to > 126
      ? null
      : String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, i) => from + i));
  }

  private oneOf(characters: string): Part {
    this.parts += 1;
    const place = this.parts * 5;
    return (variant) => characters[(variant * 3 + place) % characters.length] ?? '';
  }

  private takes(character: string): boolean {
    if (this.pattern[this.at] !== character) return false;
    this.at += 1;
    return true;
  }
}
