import type { Knex } from 'knex';
import type { ModelId } from '../domain/identifiers.js';
import type { LedgerRepository } from '../domain/ports.js';
import { chunked } from './chunks.js';

interface Row {
  readonly model: ModelId;
  readonly prediction_id_hash: string;
  readonly answer_hash: string;
  readonly confidence_tenth: number | null;
  readonly at_ms: number;
}

export function ledgerRepository(db: Knex): LedgerRepository {
  return {
    async saveAll(entries) {
      const newest = [
        ...new Map(entries.map((entry) => [`${entry.model}\n${entry.predictionIdHash}`, entry])).values(),
      ];
      for (const chunk of chunked(newest, 5)) {
        await db('ledger')
          .insert(
            chunk.map((entry) => ({
              model: entry.model,
              prediction_id_hash: entry.predictionIdHash,
              answer_hash: entry.answerHash,
              confidence_tenth: entry.confidenceTenth,
              at_ms: entry.atMs,
            })),
          )
          .onConflict(['model', 'prediction_id_hash'])
          .merge();
      }
    },
    async take(model, hashes) {
      const taken: Row[] = [];
      for (const chunk of chunked(hashes, 1)) {
        taken.push(...(await db('ledger').where({ model }).whereIn('prediction_id_hash', chunk).select<Row[]>()));
        await db('ledger').where({ model }).whereIn('prediction_id_hash', chunk).delete();
      }
      return taken.map((row) => ({
        model: row.model,
        predictionIdHash: row.prediction_id_hash,
        answerHash: row.answer_hash,
        confidenceTenth: row.confidence_tenth,
        atMs: row.at_ms,
      }));
    },
    prune: (olderThanMs) => db('ledger').where('at_ms', '<', olderThanMs).delete(),
  };
}
