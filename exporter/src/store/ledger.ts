import type { Knex } from 'knex';
import { z } from 'zod';
import type { LedgerRepository } from '../domain/ports.js';
import { chunked, chunkedValues, type StatementLimits } from './chunks.js';

const row = z.object({
  prediction_id_hash: z.string(),
  answer_hash: z.string(),
  confidence_tenth: z.number().nullable(),
  grid_centre: z.number().nullable(),
  answer_cell: z.number().nullable(),
  at_ms: z.number(),
  arrived_at_ms: z.number().nullable(),
});
/** The driver of SQLite answers with the rows, that of PostgreSQL with an object that has them. */
const rowsOf = z.array(row).or(z.object({ rows: z.array(row) }).transform(({ rows }) => rows));

export function ledgerRepository(db: Knex, limits: StatementLimits): LedgerRepository {
  return {
    async saveAll(entries) {
      const newest = [
        ...new Map(entries.map((entry) => [`${entry.model}\n${entry.predictionIdHash}`, entry])).values(),
      ];
      for (const chunk of chunked(newest, 8, limits)) {
        await db('ledger')
          .insert(
            chunk.map((entry) => ({
              model: entry.model,
              prediction_id_hash: entry.predictionIdHash,
              answer_hash: entry.answerHash,
              confidence_tenth: entry.confidenceTenth,
              grid_centre: entry.quantity?.gridCentre ?? null,
              answer_cell: entry.quantity?.cell ?? null,
              at_ms: entry.atMs,
              arrived_at_ms: entry.arrivedAtMs,
            })),
          )
          .onConflict(['model', 'prediction_id_hash'])
          .merge();
      }
    },
    async take(model, hashes) {
      const taken: z.infer<typeof row>[] = [];
      for (const chunk of chunkedValues(hashes, limits)) {
        const answer: unknown = await db.raw(
          `delete from ledger where model = ? and prediction_id_hash in (${chunk.map(() => '?').join(', ')})
           returning prediction_id_hash, answer_hash, confidence_tenth, grid_centre, answer_cell, at_ms, arrived_at_ms`,
          [model, ...chunk],
        );
        taken.push(...rowsOf.parse(answer));
      }
      return taken.map((entry) => ({
        model,
        predictionIdHash: entry.prediction_id_hash,
        answerHash: entry.answer_hash,
        confidenceTenth: entry.confidence_tenth,
        quantity:
          entry.grid_centre === null || entry.answer_cell === null
            ? null
            : { gridCentre: entry.grid_centre, cell: entry.answer_cell },
        atMs: entry.at_ms,
        arrivedAtMs: entry.arrived_at_ms,
      }));
    },
    prune: (olderThanMs) => db('ledger').where('at_ms', '<', olderThanMs).delete(),
  };
}
