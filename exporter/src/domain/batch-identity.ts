import { createHash } from 'node:crypto';
import type { MappedRole } from './field-mapping.js';
import type { ImportPurpose } from './import.js';
import { isTable } from './ingest.js';

/** Tells one batch from another: by its body, and by how that is read. */
export function batchDigest(
  body: string | Uint8Array,
  route: 'observations' | 'labels' | 'imports',
  said: ReadonlyMap<string, MappedRole>,
  contentType = '',
): string {
  const digest = (of: string | Uint8Array): string => createHash('sha256').update(of).digest('hex');
  const fields = [...said].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `${digest(body)}:${digest(JSON.stringify([route, fields]))}:${isTable(contentType) ? 'table' : 'rows'}`;
}

/**
 * What a part of a file of past rows is known by: the same rows at the same place of a file, read the same way, are the same,
 * whatever the file is called and wherever it lies.
 * @param place rows of the file before it
 * @param map what was said of the columns, as it was written; null for nothing
 */
export function partOfFileId(purpose: ImportPurpose, place: number, map: string | null, body: string): string {
  const digest = createHash('sha256')
    .update(`${purpose}\n${place}\n${map === null ? '' : `${map}\n`}`)
    .update(body)
    .digest('hex');
  return `import-${digest}`;
}
