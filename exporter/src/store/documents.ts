import { StoreDocumentDamaged, UnreadableDocument, type Decoder, type DocumentPlace } from '../domain/codec.js';

/**
 * Reads one stored document.
 * @throws StoreDocumentDamaged that says where it lies and what to do
 */
export function readDocument<T>(codec: Decoder<T>, text: string, place: DocumentPlace): T {
  try {
    return codec.decode(text);
  } catch (error) {
    if (!(error instanceof UnreadableDocument)) throw error;
    throw new StoreDocumentDamaged(place, error.why, `${codec.kind}: ${error.message}`);
  }
}
