import type { IntakeLimits } from '../../../domain/ingest.js';
import type { FieldRoles } from '../field-roles.js';
import type { Verdicts } from '../verdicts.js';

/** One row as sent, not judged yet. */
export interface SourceRow {
  /** 1-based: of the line, or of the element of an array. */
  readonly line: number;
  readonly value: unknown;
  /** From a table: a column without a role is a feature. */
  readonly isTable?: true;
}

/** How a body is cut into rows. What is no row is refused through `verdicts`, its neighbours are read. */
export interface BatchFormat {
  /** Whether a body of this content type (lower case, without parameters) is in this format. */
  takes(contentType: string, body: string): boolean;
  read(body: string, limits: IntakeLimits, verdicts: Verdicts, roles: FieldRoles): readonly SourceRow[];
}
