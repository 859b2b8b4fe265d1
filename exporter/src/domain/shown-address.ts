/** Parameters that are named like a secret. */
export const NAMED_SECRET = /key|token|secret|sig|auth|pass|pwd|credential|code|session/i;

/** The same in whole words: `country_code` and `keyword` tell addresses apart. */
const SECRET_BY_NAME =
  /^(\w*[-_]?(api|access|secret|private|subscription|account)[-_]?key(id)?|key|\w*token|\w*secret|sig|signature|auth|authorization|password|passwd|pass|pwd|credentials?|code|session(id)?|sid)$/i;

/** An address as people may see it: without user, password and fragment; of parameters the names. */
export function shownAddress(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, host, protocol, pathname, searchParams } = new URL(url);
  // A parameter without a value may be a key by itself.
  const names = [...searchParams].map(([name, value]) => (value === '' ? '…' : `${encodeURIComponent(name)}=…`));
  const server = origin === 'null' ? `${protocol}//${host}` : origin;
  return `${server}${pathname}${names.length === 0 ? '' : `?${names.join('&')}`}`;
}

/** What a model may be called that is only known by its address: host and path, for a parameter may be a key. */
export function namedByAddress(url: string): string {
  return URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : url;
}

/** What tells addresses apart: all but user, password and the values of parameters that are named like a secret. */
export function addressWithoutSecrets(url: string): string {
  if (!URL.canParse(url)) return url;
  const address = new URL(url);
  const secret = [...address.searchParams.keys()].filter((name) => SECRET_BY_NAME.test(name));
  if (secret.length === 0 && address.username === '' && address.password === '') return url;
  address.username = '';
  address.password = '';
  for (const name of secret) address.searchParams.set(name, '');
  return address.href;
}
