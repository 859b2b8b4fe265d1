import { NAMED_SECRET } from '../../domain/shown-address.js';

/** Shorter ones would blot out words. */
const SHORTEST_SECRET = 4;
const SCHEME = /^(?:Bearer|Basic|Token|ApiKey) +/i;

/**
 * What makes `[secret]` of each secret that a text repeats: as it is, without the scheme before it, of a basic pair both parts, and
 * as JSON (also within a text of JSON) and addresses write it, be it by character.
 */
export function hidingSecrets(secrets: Iterable<string>): (text: string) => string {
  const hidden = [...new Set([...secrets].flatMap(partsOf).filter(isLongEnough))].sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return (text) => text;
  const pattern = new RegExp(hidden.map(patternOf).join('|'), 'gu');
  return (text) => text.replace(pattern, '[secret]');
}

const isLongEnough = (secret: string): boolean => secret.length >= SHORTEST_SECRET;

/** A header's value, what stands behind its scheme, and the pair and the password that base64 hides in it. */
function partsOf(secret: string): string[] {
  const bare = secret.replace(SCHEME, '');
  if (!/^Basic +/i.test(secret)) return [secret, bare];
  const pair = Buffer.from(bare, 'base64').toString();
  return [secret, bare, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** Each character as itself, behind backslashes, by its number or in per cents; counts have an end, for texts are of servers. */
const patternOf = (secret: string): string => (secret.match(/\\+|[^\\]/gu) ?? []).map(charactersOf).join('');

function charactersOf(one: string): string {
  if (one.startsWith('\\'))
    return `(?:\\\\{${one.length},${Math.min(8 * one.length, 32)}}|(?:%(?:25)?5[cC]){${one.length}})`;
  const units = Array.from({ length: one.length }, (_, i) => hex(one.charCodeAt(i).toString(16).padStart(4, '0')));
  const byNumber = units.map((unit) => `\\\\{1,8}u${unit}`).join('');
  const inPerCents = [...Buffer.from(one)].map((byte) => `%(?:25)?${hex(byte.toString(16).padStart(2, '0'))}`).join('');
  const itself = one === ' ' ? '[ +]' : one.replace(/[$()*+./?[\]^{|}]/, '\\$&');
  return `(?:\\\\{0,7}${itself}|${byNumber}|${inPerCents})`;
}

/** Digits of either case. */
const hex = (digits: string): string => digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

/** Whether what was given as it is, a header or a parameter of an address, is a secret: by its name, or by the scheme before it. */
export const isSecret = (name: string, value: string): boolean => NAMED_SECRET.test(name) || SCHEME.test(value);

/** The secrets that an address carries itself: the password, and the values of parameters that are named like one. */
export function secretsInAddress(url: string, isSecret = (name: string): boolean => NAMED_SECRET.test(name)): string[] {
  if (!URL.canParse(url)) return [];
  const { username, password, searchParams } = new URL(url);
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const pair = password === '' ? [] : [`${decoded(username)}:${decoded(password)}`, decoded(password)];
  return [...pair, ...[...searchParams].flatMap(([name, value]) => (isSecret(name) ? [value] : []))];
}
