import {
  StoreDocumentDamaged,
  UnreadableDocument,
  type Decoder,
  type DocumentPlace,
  type RowColumns,
} from '../domain/codec.js';

/** Takes note of a row that cannot be read and is left out of a list. */
export type SetAside = (damaged: StoreDocumentDamaged) => void;

/**
 * Reads the rows of a list: one that is damaged is set aside and does not hide the others.
 * @param read throws StoreDocumentDamaged for a row that cannot be read
 */
export function readable<Row, T>(rows: readonly Row[], read: (row: Row) => T, setAside: SetAside): readonly T[] {
  const values: T[] = [];
  for (const row of rows) {
    try {
      values.push(read(row));
    } catch (error) {
      if (!(error instanceof StoreDocumentDamaged)) throw error;
      setAside(error);
    }
  }
  return values;
}

/** For a reader of single rows, who is told of each by an error. */
export const NOTHING_ASIDE: SetAside = (damaged) => {
  throw damaged;
};

/**
 * Reads one stored document.
 * @param columns of its row, those that the document repeats at least
 * @throws StoreDocumentDamaged that says where it lies and what to do
 */
export function readDocument<T>(codec: Decoder<T>, text: string, place: DocumentPlace, columns: RowColumns = {}): T {
  try {
    return codec.decode(text, columns);
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error;
    throw new StoreDocumentDamaged(place, error.why, `${codec.kind}: ${error.message}`);
  }
}
