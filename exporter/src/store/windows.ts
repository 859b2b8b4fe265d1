import type { Knex } from 'knex';
import type { WindowRepository } from '../domain/ports.js';
import { chunked, type StatementLimits } from './chunks.js';
import { windowCodec } from './codecs/profile.js';
import { readDocument } from './documents.js';

export function windowRepository(db: Knex, limits: StatementLimits): WindowRepository {
  return {
    async saveAll(rows) {
      for (const chunk of chunked(rows, 3, limits)) {
        await db('window_profile')
          .insert(
            chunk.map(({ model, windowStartMs, profile }) => ({
              model,
              window_start_ms: windowStartMs,
              document: windowCodec.encode(profile),
            })),
          )
          .onConflict(['model', 'window_start_ms'])
          .merge();
      }
    },
    async range(model, fromMs, toMs) {
      const rows = await db('window_profile')
        .where({ model })
        .andWhere('window_start_ms', '>=', fromMs)
        .andWhere('window_start_ms', '<', toMs)
        .orderBy('window_start_ms')
        .select<{ window_start_ms: number; document: string }[]>('window_start_ms', 'document');
      return rows.map(({ window_start_ms: windowStartMs, document }) => ({
        windowStartMs,
        profile: readDocument(windowCodec, document, {
          table: 'window_profile',
          row: `${model} at ${windowStartMs}`,
          model,
        }),
      }));
    },
    prune: (olderThanMs) => db('window_profile').where('window_start_ms', '<', olderThanMs).delete(),
  };
}
