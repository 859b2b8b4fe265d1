import type { ImportPurpose } from './import.js';

/** Rows that are taken otherwise than they are written. */
export interface ImportNote {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
  readonly rows: number;
}

/** How a file of past rows would be read, by its first part. */
export interface ImportPreview {
  readonly file: string;
  readonly columns: readonly {
    readonly name: string;
    readonly role: string;
    /** What kind of value the first row has there. */
    readonly kind: string;
    /** A value: for whoever has the file, and goes nowhere else. */
    readonly example: string;
  }[];
  readonly rows: number;
  readonly labels: number;
  readonly refused: number;
  readonly errors: readonly { readonly line: number; readonly field: string; readonly message: string }[];
  readonly notes: readonly ImportNote[];
  /** Its columns are the same in every row. */
  readonly isTable: boolean;
  readonly hasPredictions: boolean;
  readonly isUndated: boolean;
}

/** How whoever asks says what a column is, and when rows were made. */
export interface WaysToSay {
  readonly map: (said: string) => string;
  readonly times: string;
}

/** The field, where it is about one, and what is wrong with it. */
export const slipText = ({ field, message }: { readonly field: string; readonly message: string }): string =>
  message.startsWith(`${field} `) ? message : `${field} ${message}`.trimStart();

/** Why files cannot be imported as they are; null when they can. */
export function whyNotImportable(
  purpose: ImportPurpose,
  hasTimes: boolean,
  previews: readonly ImportPreview[],
  say: WaysToSay,
): string | null {
  if (previews.every(({ rows, labels }) => rows + labels === 0)) {
    const slip = previews.flatMap(({ errors }) => errors)[0];
    if (slip?.field === 'prediction')
      return `no column is read as what the model said. mlfi compares a model's answers: score these rows with the model and give the column, or name it: ${say.map('COLUMN:prediction')}`;
    return slip === undefined
      ? 'there is no row in it'
      : `no row can be taken. Line ${slip.line}: ${slipText(slip).replace('map=*:feature', say.map('*:feature'))}`;
  }
  // A column may be in one file only, and of rows a line in later ones.
  const [first, ...others] = previews.map(({ isTable, notes }) =>
    notes.flatMap(({ reason, field }) => (isTable && reason === 'not_met' ? [field] : [])),
  );
  const unmet = (first ?? []).filter((field) => others.every((fields) => fields.includes(field)));
  if (unmet.length > 0) return `${say.map('')}${unmet.map((field) => `there is no column "${field}"`).join('; ')}`;
  const undated = previews.find(({ isUndated }) => isUndated);
  if (purpose === 'history' && !hasTimes && undated !== undefined)
    return `${previews.length > 1 ? `${undated.file}: ` : ''}rows have no time: say ${say.map('COLUMN:timestamp')}, or when they were made with ${say.times}`;
  return null;
}
