import { StoreDocumentDamaged } from '../domain/codec.js';
import { Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';

const IN_LOG = '“commit failed” in mlfi’s log says why';

/**
 * What is told to whoever sent what could not be written.
 * @param why what the store said; told where it is the store's own reason
 * @param alone the model, where it was written by itself
 */
export function cannotBeWritten(why?: unknown, alone: ModelId | null = null): Unavailable {
  const what = alone === null ? 'the store cannot be written' : `model "${alone}" cannot be stored`;
  const reason = why instanceof Unavailable ? why.message : alone === null ? null : IN_LOG;
  return new Unavailable(`${what} now and nothing was counted; send it again${reason === null ? '' : ` (${reason})`}`);
}

/** The same request fails the same way until the row is restored. */
export const cannotBeRead = ({ place, why, detail }: StoreDocumentDamaged): Unavailable =>
  new Unavailable(
    `nothing was counted, for something that is stored cannot be read: ${new StoreDocumentDamaged(place, why, detail).message}`,
    60,
  );

/** @param alone the model, where it was written by itself */
export const notChanged = (alone: ModelId | null = null): Unavailable =>
  new Unavailable(
    alone === null
      ? 'the store cannot be written now and nothing has changed; send it again'
      : `model "${alone}" cannot be stored now and nothing has changed; send it again (${IN_LOG})`,
  );

/** An error as the log tells it. What is outside of mlfi needs no stack: its words say it. */
export const textOf = (error: unknown): string =>
  error instanceof Error && !(error instanceof Unavailable) ? (error.stack ?? error.message) : String(error);
