import type { Knex } from 'knex';
import { z } from 'zod';
import type { LedgerEntry, LedgerRepository } from '../domain/ports.js';

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

type Dialect = 'sqlite' | 'postgresql';

/** In the order of `columnsOf`. */
const COLUMNS = [
  'model',
  'prediction_id_hash',
  'answer_hash',
  'confidence_tenth',
  'grid_centre',
  'answer_cell',
  'at_ms',
  'arrived_at_ms',
] as const;
const TYPES = [
  'text',
  'text',
  'text',
  'integer',
  'double precision',
  'integer',
  'double precision',
  'double precision',
];

const columnsOf = (entry: LedgerEntry): readonly (string | number | null)[] => [
  entry.model,
  entry.predictionIdHash,
  entry.answerHash,
  entry.confidenceTenth,
  entry.quantity?.gridCentre ?? null,
  entry.quantity?.cell ?? null,
  entry.atMs,
  entry.arrivedAtMs,
];

/**
 * All entries come as one JSON text: the statement is always the same, and no driver binds thousands of values one by one.
 * @param rows the table that the text is
 * @param column its nth column
 */
const save = (rows: string, column: (n: number) => string): string =>
  `insert into ledger (${COLUMNS.join(', ')}) select ${COLUMNS.map((_, n) => column(n)).join(', ')} from ${rows} where true
   on conflict (model, prediction_id_hash) do update set
   ${COLUMNS.slice(2)
     .map((name) => `${name} = excluded.${name}`)
     .join(', ')}`;
const SAVE: Readonly<Record<Dialect, string>> = {
  sqlite: save('json_each(?)', (n) => `value->>${n}`),
  postgresql: save(
    'json_array_elements(cast(? as json)) as entry',
    (n) => `cast(entry->>${n} as ${TYPES[n] ?? 'text'})`,
  ),
};

const take = (hashes: string): string =>
  `delete from ledger where model = ? and prediction_id_hash in (${hashes})
   returning ${COLUMNS.slice(1).join(', ')}`;
const TAKE: Readonly<Record<Dialect, string>> = {
  sqlite: take('select value from json_each(?)'),
  postgresql: take('select json_array_elements_text(cast(? as json))'),
};

export function ledgerRepository(db: Knex, dialect: Dialect): LedgerRepository {
  return {
    async saveAll(entries) {
      const newest = [
        ...new Map(entries.map((entry) => [`${entry.model}\n${entry.predictionIdHash}`, entry])).values(),
      ];
      if (newest.length > 0) await db.raw(SAVE[dialect], [JSON.stringify(newest.map(columnsOf))]);
    },
    async take(model, hashes) {
      const taken = rowsOf.parse(await db.raw(TAKE[dialect], [model, JSON.stringify(hashes)]));
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
