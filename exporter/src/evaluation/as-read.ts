import type { Discovery } from '../domain/discovery.js';
import type { Sample } from '../domain/observation.js';

/** The discovery with what was read from where in all responses, not only the first: also how many of them hold it. */
export function asRead(discovery: Discovery | null, samples: readonly Sample[]): Discovery | null {
  const texts = samples.flatMap(({ readFrom }) => readFrom ?? []);
  if (discovery?.kind !== 'found' || texts.length === 0) return discovery;
  return { ...discovery, answer: { ...discovery.answer, from: placesIn(texts) } };
}

/** The newest, with a star for a step of its path that is another one in each response: a random id is there once. */
function inCommon(places: readonly string[]): string | null {
  const steps = places.map((place) => place.split('/'));
  const newest = steps.at(-1) ?? [];
  if (steps.some(({ length }) => length !== newest.length)) return places.at(-1) ?? null;
  const isId = (at: number): boolean =>
    steps.length > 1 && at > 0 && at < newest.length - 1 && new Set(steps.map((one) => one[at])).size === steps.length;
  return places.length === 0 ? null : newest.map((step, at) => (isId(at) ? '*' : step)).join('/');
}

/** Places of the newest response that has them. */
function placesIn(texts: readonly string[]): string {
  const parts = texts.map((text) => /^(.*?), (no confidence.*|confidence from .*)$/s.exec(text) ?? [text, text, '']);
  const told = (at: 1 | 2, isNone: RegExp): string => {
    const said = parts.map((part) => part[at] ?? '');
    const held = said.filter((part) => !isNone.test(part));
    const newest = inCommon(held) ?? said.at(-1) ?? '';
    return held.length === 0 || held.length === said.length
      ? newest
      : `${newest} (in ${held.length} of ${said.length})`;
  };
  return [told(1, /^no prediction/), told(2, /^no confidence|^$/)].filter((part) => part !== '').join(', ');
}
