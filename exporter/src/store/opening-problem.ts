/** Where a store is. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgresql'; readonly url: string; readonly poolSize: number };

/** The code of an error of the database or of the operating system; empty when it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** How people know a store. */
export const placeOf = (location: StoreLocation): string =>
  location.kind === 'sqlite' ? location.file : 'the PostgreSQL database';

/** What PostgreSQL's codes ask of whoever starts mlfi. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/^3D000$/, 'the server has no database of that name; create it, or correct the name in database.url'],
  [
    /^28...$/,
    "the server refuses the login; check user and password in database.url, and that the server's pg_hba.conf lets that user in from here",
  ],
  [
    /^42501$/,
    'its user lacks a right; mlfi makes and changes tables, so that the database or its schema must be its own',
  ],
  [/^53300$/, 'the server has no connection left; raise its max_connections, or end other sessions'],
  [/^53100$/, 'its disk is full'],
  [/^22021$/, 'it stores no NUL character, and a text that it was given holds one'],
  [/^57P03$/, 'the server is starting or stopping; start mlfi again when it is there'],
  [/^ECONNREFUSED$/, 'nothing listens there; start the server, or correct host and port in database.url'],
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    'its host name is not known here; correct it in database.url, or see to the name service',
  ],
  [
    /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    'its host is not reached; check host and port in database.url, and firewalls in between',
  ],
];

/** What whoever opens a store is told of an error: what is wrong, and the remedy; no SQL and no connection string. */
export function openingProblem(location: StoreLocation, error: unknown): string {
  const place = placeOf(location);
  const said = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (said.includes('migration directory is corrupt'))
    return `${place} was written by a newer version of mlfi; start that version, or restore an older backup`;
  if (/SQLITE_(NOTADB|CORRUPT)/.test(said) || said.includes('malformed'))
    return `${place} is damaged or is no SQLite file; restore a backup, or move it away to start anew`;
  if (said.includes('SQLITE_CANTOPEN'))
    return `${place} cannot be opened; check that the folder exists and may be written`;
  if (said.includes('SQLITE_FULL'))
    return `${place} cannot be opened: the disk is full; make room, and start mlfi again`;
  if (said.includes('SQLITE_READONLY'))
    return `${place} may not be written; check its owner and mode, and those of its folder`;
  if (said.includes('SQLITE_IOERR'))
    return `${place} cannot be read or written: the disk, or the network share it lies on, answers with errors`;
  if (/SQLITE_(BUSY|LOCKED)/.test(said))
    return `${place} is locked by another program (a backup, or a tool that has it open); end that, and start mlfi again`;
  if (code === '55P03')
    return `${place} cannot be changed: another session has locked what is in it; end that, and start mlfi again`;
  // A connection error of pg may repeat the connection string.
  if (location.kind === 'postgresql') return `${place} cannot be used${refusal(code, said)}`;
  // What is before the database's own words is SQL.
  return `${place} cannot be opened: ${said.slice(said.lastIndexOf(' - ') + 1).replace(/^- /, '')}`;
}

function refusal(code: string, said: string): string {
  if (said.includes('does not support SSL'))
    return ': the server has no TLS; switch it on there, or take sslmode out of database.url';
  if (said.includes('client password must be')) return ': the server asks for a password, and database.url has none';
  const known = REFUSALS.find(([codes]) => codes.test(code));
  if (known !== undefined) return `: ${known[1]} (${code})`;
  return ` (${code === '' ? 'no answer' : code}); check database.url`;
}

/** What whoever makes a copy is told: of the copy where that cannot be written, of the store otherwise. */
export function copyingProblem(from: StoreLocation, to: string, error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  if (/SQLITE_FULL|ENOSPC/.test(said)) return `${to} cannot be written: its disk is full; nothing was copied`;
  if (/SQLITE_(CANTOPEN|READONLY)/.test(said) || /^E[A-Z]+$/.test(code))
    return `${to} cannot be written${/^E/.test(code) ? ` (${code})` : ''}; name a file in a folder that the user of this command may write`;
  return openingProblem(from, error);
}
