import type { Knex } from 'knex';
import type { WindowRepository } from '../domain/ports.js';
import { chunked } from './chunks.js';
import { decodeWindow, encodeWindow } from './profile-codec.js';

export function windowRepository(db: Knex): WindowRepository {
  return {
    async saveAll(rows) {
      for (const chunk of chunked(rows, 3)) {
        await db('window_profile')
          .insert(
            chunk.map(({ model, windowStartMs, profile }) => ({
              model,
              window_start_ms: windowStartMs,
              document: encodeWindow(profile),
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
      return rows.map((row) => ({ windowStartMs: row.window_start_ms, profile: decodeWindow(row.document) }));
    },
    prune: (olderThanMs) => db('window_profile').where('window_start_ms', '<', olderThanMs).delete(),
  };
}
