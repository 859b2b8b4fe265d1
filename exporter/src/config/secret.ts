import { inspect } from 'node:util';

const HIDDEN = '<secret>';

/** A value that cannot leak by accident: printing, logging and JSON show `<secret>`; only `reveal()` gives the text. */
export class Secret {
  #text: string;
  readonly #readAgain: (() => string | null) | null;

  /** @param readAgain reads the file the text came from, so that a rotated secret (as Kubernetes does hourly) is followed; null = it cannot be read now, the last text stays */
  constructor(text: string, readAgain: (() => string | null) | null = null) {
    this.#text = text;
    this.#readAgain = readAgain;
  }

  reveal(): string {
    this.#text = this.#readAgain?.() ?? this.#text;
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}
