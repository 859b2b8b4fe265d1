import type { Knex } from 'knex';
import { z } from 'zod';
import type { ModelId } from '../domain/identifiers.js';
import type { LedgerEntry, LedgerRepository } from '../domain/ledger.js';
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
const waitingRow = z.object({
  prediction_id_hash: z.string(),
  label_hash: z.string(),
  grid_centre: z.number().nullable(),
  label_cell: z.number().nullable(),
  at_ms: z.number(),
  arrived_at_ms: z.number(),
});
/** The driver of SQLite answers with the rows, that of PostgreSQL with an object that has them. */
const anyRows = z.array(z.unknown()).or(z.object({ rows: z.array(z.unknown()) }).transform(({ rows }) => rows));

const quantityOf = (gridCentre: number | null, cell: number | null): LedgerEntry['quantity'] =>
  gridCentre === null || cell === null ? null : { gridCentre, cell };

/** Deletes the rows of these predictions. @returns them, as the driver gives them */
async function takenFrom(
  db: Knex,
  table: 'ledger' | 'waiting_label',
  model: ModelId,
  hashes: readonly string[],
  limits: StatementLimits,
): Promise<unknown[]> {
  const taken: unknown[] = [];
  for (const chunk of chunkedValues(hashes, limits)) {
    const answer: unknown = await db.raw(
      `delete from ${table} where model = ? and prediction_id_hash in (${chunk.map(() => '?').join(', ')}) returning *`,
      [model, ...chunk],
    );
    taken.push(...anyRows.parse(answer));
  }
  return taken;
}

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
      const taken = z.array(row).parse(await takenFrom(db, 'ledger', model, hashes, limits));
      return taken.map((entry) => ({
        model,
        predictionIdHash: entry.prediction_id_hash,
        answerHash: entry.answer_hash,
        confidenceTenth: entry.confidence_tenth,
        quantity: quantityOf(entry.grid_centre, entry.answer_cell),
        atMs: entry.at_ms,
        arrivedAtMs: entry.arrived_at_ms,
      }));
    },
    async saveLabels(labels) {
      const newest = [...new Map(labels.map((label) => [`${label.model}\n${label.predictionIdHash}`, label])).values()];
      for (const chunk of chunked(newest, 7, limits)) {
        await db('waiting_label')
          .insert(
            chunk.map((label) => ({
              model: label.model,
              prediction_id_hash: label.predictionIdHash,
              label_hash: label.labelHash,
              grid_centre: label.quantity?.gridCentre ?? null,
              label_cell: label.quantity?.cell ?? null,
              at_ms: label.atMs,
              arrived_at_ms: label.arrivedAtMs,
            })),
          )
          .onConflict(['model', 'prediction_id_hash'])
          .merge();
      }
    },
    async takeLabels(model, hashes) {
      const taken = z.array(waitingRow).parse(await takenFrom(db, 'waiting_label', model, hashes, limits));
      return taken.map((label) => ({
        model,
        predictionIdHash: label.prediction_id_hash,
        labelHash: label.label_hash,
        quantity: quantityOf(label.grid_centre, label.label_cell),
        atMs: label.at_ms,
        arrivedAtMs: label.arrived_at_ms,
      }));
    },
    async labelsWaiting(model) {
      const [counted] = await db('waiting_label').where({ model }).count({ labels: '*' });
      return Number(counted?.['labels'] ?? 0);
    },
    dropLabels: (model, arrivedBeforeMs) =>
      db('waiting_label').where({ model }).where('arrived_at_ms', '<', arrivedBeforeMs).delete(),
    async prune(olderThanMs) {
      const labels = await db('waiting_label').where('arrived_at_ms', '<', olderThanMs).delete();
      return labels + (await db('ledger').where('at_ms', '<', olderThanMs).delete());
    },
  };
}
