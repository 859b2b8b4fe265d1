/** Which secret is sent to addresses below one. */
export interface AddressCredential {
  readonly address: string;
  readonly authorizationSecret: string;
}

/** What a server may read as a slash or a backslash, and so as a step out of a folder. */
const HIDDEN_STEPS = /%2f|%5c|\\/i;

/**
 * The secret that is sent to an address: of the same server, and at or below the path that the configuration names. Whoever
 * may name an address does not choose where a secret is sent. Null for none.
 */
export function secretFor(credentials: readonly AddressCredential[], url: string): string | null {
  if (!URL.canParse(url)) return null;
  const asked = new URL(url);
  const fitting = credentials.filter(({ address }) => {
    const { origin, pathname } = new URL(address);
    if (origin !== asked.origin) return false;
    if (asked.pathname === pathname) return true;
    const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
    return asked.pathname.startsWith(folder) && !HIDDEN_STEPS.test(asked.pathname.slice(folder.length));
  });
  const [longest] = fitting.toSorted((a, b) => b.address.length - a.address.length);
  return longest?.authorizationSecret ?? null;
}
