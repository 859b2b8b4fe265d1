import type { Knex } from 'knex';
import type { Decoder } from '../domain/codec.js';
import type { ModelId } from '../domain/identifiers.js';
import type { StoredWindow, WindowPage, WindowRepository } from '../domain/stored-windows.js';
import type { WindowProfile } from '../domain/profile.js';
import { chunked, chunkedValues, type StatementLimits } from './chunks.js';
import { deleteInPieces } from './delete-in-pieces.js';
import { windowCodec, windowOutlineDecoder } from './codecs/profile.js';
import { readDocument } from './documents.js';

interface Row {
  readonly window_start_ms: number;
  readonly document: string;
}

const readBy =
  (decoder: Decoder<WindowProfile>, model: ModelId) =>
  ({ window_start_ms: windowStartMs, document }: Row): StoredWindow => ({
    windowStartMs,
    profile: readDocument(decoder, document, { table: 'window_profile', row: `${model} at ${windowStartMs}`, model }),
  });

export function windowRepository(db: Knex, limits: StatementLimits): WindowRepository {
  const within = (model: ModelId, fromMs: number, toMs: number) =>
    db('window_profile')
      .where({ model })
      .andWhere('window_start_ms', '>=', fromMs)
      .andWhere('window_start_ms', '<', toMs)
      .select<Row[]>('window_start_ms', 'document');
  const newest = async (
    model: ModelId,
    { fromMs, toMs, limit }: WindowPage,
    decoder: Decoder<WindowProfile>,
  ): Promise<readonly StoredWindow[]> => {
    const rows = await within(model, fromMs, toMs).orderBy('window_start_ms', 'desc').limit(limit);
    return rows.map(readBy(decoder, model));
  };
  return {
    async saveAll(rows) {
      for (const chunk of chunked(rows, 3, limits)) {
        // Written as it is: making this statement costs as much as running it, and every commit has one.
        await db.raw(
          `insert into window_profile (model, window_start_ms, document) values ${chunk.map(() => '(?, ?, ?)').join(', ')}
           on conflict (model, window_start_ms) do update set document = excluded.document`,
          chunk.flatMap(({ model, windowStartMs, profile }) => [model, windowStartMs, windowCodec.encode(profile)]),
        );
      }
    },
    async at(model, startsMs) {
      const found: StoredWindow[] = [];
      for (const chunk of chunkedValues(startsMs, limits)) {
        const rows = await db('window_profile')
          .where({ model })
          .whereIn('window_start_ms', chunk)
          .select<Row[]>('window_start_ms', 'document');
        found.push(...rows.map(readBy(windowCodec, model)));
      }
      return found;
    },
    newest: (model, page) => newest(model, page, windowCodec),
    newestOutlines: (model, page) => newest(model, page, windowOutlineDecoder),
    async range(model, fromMs, toMs) {
      return (await within(model, fromMs, toMs).orderBy('window_start_ms')).map(readBy(windowCodec, model));
    },
    prune: (olderThanMs) =>
      deleteInPieces(db, 'window_profile', limits, (rows) => rows.where('window_start_ms', '<', olderThanMs)),
  };
}
