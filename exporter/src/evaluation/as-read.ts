import type { Discovery } from '../domain/discovery.js';
import type { Sample } from '../domain/observation.js';

/** The discovery with what was read from where in all responses, not only the first: also how many of them hold it. */
export function asRead(discovery: Discovery | null, samples: readonly Sample[]): Discovery | null {
  const texts = samples.flatMap(({ readFrom }) => readFrom ?? []);
  if (discovery?.kind !== 'found' || texts.length === 0) return discovery;
  return { ...discovery, answer: { ...discovery.answer, from: placesIn(texts) } };
}

/** Places of the newest response that has them. */
function placesIn(texts: readonly string[]): string {
  const parts = texts.map((text) => /^(.*?), (no confidence.*|confidence from .*)$/s.exec(text) ?? [text, text, '']);
  const told = (at: 1 | 2, isNone: RegExp): string => {
    const said = parts.map((part) => part[at] ?? '');
    const held = said.filter((part) => !isNone.test(part));
    const newest = held.at(-1) ?? said.at(-1) ?? '';
    return held.length === 0 || held.length === said.length
      ? newest
      : `${newest} (in ${held.length} of ${said.length})`;
  };
  return [told(1, /^no prediction/), told(2, /^no confidence|^$/)].filter((part) => part !== '').join(', ');
}
