import { z } from 'zod';

/** Reads a stored document, whatever release wrote it. */
export interface Decoder<T> {
  /** What the document is, for messages: `incident`. */
  readonly kind: string;
  /** Version it is written in, from 1. */
  readonly version: number;
  /**
   * @param row what a document that repeats columns of its row is compared with
   * @throws UnreadableDocument when it is damaged, of a version this release does not know, or of another row
   */
  readonly decode: (text: string, row?: RowColumns) => T;
}

/** Columns of the row a document lies in. */
export type RowColumns = Readonly<Record<string, string | number | null>>;

/** A stored document and back. */
export interface Codec<T> extends Decoder<T> {
  readonly encode: (value: T) => string;
}

/** A document that is no such document. The message holds field names and types, never stored values. */
export class UnreadableDocument extends Error {
  constructor(
    readonly why: 'damaged' | 'newer',
    message: string,
  ) {
    super(message);
    this.name = 'UnreadableDocument';
  }
}

/** Where in the store a document lies. */
export interface DocumentPlace {
  readonly table: string;
  /** The row's key, in words. */
  readonly row: string;
  /** The model the row is about; null for none, or where only the document says it. */
  readonly model: string | null;
}

/** A word as a shell takes it: a damaged row may name its model in any way. */
const shellWord = (text: string): string =>
  /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A row of the store that cannot be read: what, where, and the way back. */
export class StoreDocumentDamaged extends Error {
  /** @param store the file, or the name of the database */
  constructor(
    readonly place: DocumentPlace,
    readonly why: UnreadableDocument['why'],
    readonly detail: string,
    readonly store: string | null = null,
  ) {
    const { table, row, model } = place;
    const where = `${store === null ? '' : `${store}: `}table ${table}, row ${row}`;
    const way =
      why === 'newer'
        ? 'start the mlfi that wrote it, or restore an older backup'
        : `restore a backup${model === null ? '' : `, or stop mlfi and let go of the model with "mlfi store repair --drop-model ${shellWord(model)}"`}`;
    super(
      `${where}: ${why === 'newer' ? 'written by a newer mlfi' : 'damaged'} (${detail}); ${way}. "mlfi store check" names every such row`,
    );
    this.name = 'StoreDocumentDamaged';
  }

  /** The same with the store named. */
  inStore(store: string): StoreDocumentDamaged {
    return new StoreDocumentDamaged(this.place, this.why, this.detail, store);
  }
}

/** Turns a document of one version into one of the next. It is given whatever was stored: it must bear damage. */
export type DocumentMigration = (old: unknown) => unknown;

/** Up to 0.1.0 documents were written without a version: they are of version 1. */
const envelope = z.strictObject({ $version: z.int().min(2), value: z.unknown() });

const ISSUES_NAMED = 3;

/**
 * A codec for documents that `schema` describes. Its version is one more than the migrations it has: migration 0 leads from
 * version 1 to version 2.
 * @param kind what the document is, for messages
 * @param pack what is written for a value that JSON cannot hold as it is (maps); the schema reads it back
 */
export function codec<T>(
  kind: string,
  schema: z.ZodType<T>,
  migrations: readonly DocumentMigration[] = [],
  pack: (value: T) => unknown = (value) => value,
): Codec<T> {
  const version = migrations.length + 1;
  return {
    kind,
    version,
    encode: (value) => JSON.stringify(version === 1 ? pack(value) : { $version: version, value: pack(value) }),
    decode(text) {
      let stored: unknown;
      try {
        stored = JSON.parse(text);
      } catch {
        throw new UnreadableDocument('damaged', 'it is no JSON');
      }
      const { data } = envelope.safeParse(stored);
      const from = data?.$version ?? 1;
      if (from > version)
        throw new UnreadableDocument(
          'newer',
          `it is of version ${from}, and this mlfi knows versions up to ${version}`,
        );
      const current = migrations
        .slice(from - 1)
        .reduce<unknown>((old, migrate) => migrate(old), data === undefined ? stored : data.value);
      const read = schema.safeParse(current);
      if (read.success) return read.data;
      const issues = read.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`);
      const more = issues.length > ISSUES_NAMED ? ` and ${issues.length - ISSUES_NAMED} more` : '';
      throw new UnreadableDocument('damaged', `${issues.slice(0, ISSUES_NAMED).join('; ').slice(0, 600)}${more}`);
    },
  };
}

/**
 * The same codec for documents that repeat columns of their row: one that names another row is damaged.
 * @param repeated the columns, as the document has them
 */
export function inRow<T>(own: Codec<T>, repeated: (value: T) => RowColumns): Codec<T> {
  return {
    ...own,
    decode(text, row) {
      const value = own.decode(text);
      if (row === undefined) return value;
      for (const [column, expected] of Object.entries(repeated(value))) {
        const stored = row[column];
        if (stored === undefined) throw new TypeError(`${own.kind}: the column ${column} was not read`);
        // PostgreSQL gives a 64-bit integer as text.
        if (String(stored) !== String(expected))
          throw new UnreadableDocument('damaged', `it names another ${column} than its row`);
      }
      return value;
    },
  };
}

/**
 * Renames keys wherever they are in a document.
 * @param names old name → new name
 */
export function renameKeys(document: unknown, names: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(document)) return document.map((item) => renameKeys(item, names));
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      Object.hasOwn(names, key) ? (names[key] ?? key) : key,
      renameKeys(value, names),
    ]),
  );
}

/** How often something was counted. */
export const count = z.int().min(0);

/** A number; what JSON cannot hold (NaN, ±Infinity) was written as null and is read as NaN. */
export const anyNumber = z.number().or(z.null().transform(() => NaN));
