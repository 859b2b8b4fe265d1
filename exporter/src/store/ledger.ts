import type { Knex } from 'knex';
import { z } from 'zod';
import type { Decoder } from '../domain/codec.js';
import type { ModelId } from '../domain/identifiers.js';
import type { LedgerEntry, LedgerRepository } from '../domain/ledger.js';
import { chunked, type StatementLimits } from './chunks.js';
import { deleteInPieces } from './delete-in-pieces.js';
import { ledgerEntryCodec, waitingLabelCodec } from './codecs/ledger.js';
import { readDocument } from './documents.js';

type Dialect = 'sqlite' | 'postgresql';

const hashOnly = z.object({ prediction_id_hash: z.string() });
/** The driver of SQLite answers with the rows, that of PostgreSQL with an object that has them. */
const anyRows = z.array(z.unknown()).or(z.object({ rows: z.array(z.unknown()) }).transform(({ rows }) => rows));

const quantityOf = (gridCentre: number | null, cell: number | null): LedgerEntry['quantity'] =>
  gridCentre === null || cell === null ? null : { gridCentre, cell };

const HASHES: Readonly<Record<Dialect, string>> = {
  sqlite: 'select value from json_each(?)',
  postgresql: 'select json_array_elements_text(cast(? as json))',
};

/**
 * Takes the rows of these predictions.
 * @param by what becomes of them, with a place for each of `values`
 * @returns them
 * @throws StoreDocumentDamaged that names one that cannot be read
 */
async function taken<T>(
  db: Knex,
  dialect: Dialect,
  table: 'ledger' | 'waiting_label',
  { by, values }: { readonly by: string; readonly values: readonly number[] },
  model: ModelId,
  hashes: readonly string[],
  codec: Decoder<T>,
): Promise<readonly T[]> {
  const answer: unknown = await db.raw(`${by} model = ? and prediction_id_hash in (${HASHES[dialect]}) returning *`, [
    ...values,
    model,
    JSON.stringify(hashes),
  ]);
  return anyRows.parse(answer).map((row) => {
    const named = hashOnly.safeParse(row);
    const place = { table, row: `${model} ${named.success ? named.data.prediction_id_hash : ''}`, model };
    return readDocument(codec, JSON.stringify(row), place);
  });
}

/** @param from the table, and which of its rows @returns those of these predictions that are there */
async function among(
  db: Knex,
  dialect: Dialect,
  from: string,
  model: ModelId,
  hashes: readonly string[],
): Promise<readonly string[]> {
  const answer: unknown = await db.raw(
    `select prediction_id_hash from ${from} model = ? and prediction_id_hash in (${HASHES[dialect]})`,
    [model, JSON.stringify(hashes)],
  );
  return z
    .array(hashOnly)
    .parse(anyRows.parse(answer))
    .map((label) => label.prediction_id_hash);
}

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
     .join(', ')}, labelled_at_ms = null`;
const SAVE: Readonly<Record<Dialect, string>> = {
  sqlite: save('json_each(?)', (n) => `value->>${n}`),
  postgresql: save(
    'json_array_elements(cast(? as json)) as entry',
    (n) => `cast(entry->>${n} as ${TYPES[n] ?? 'text'})`,
  ),
};

export function ledgerRepository(db: Knex, dialect: Dialect, limits: StatementLimits): LedgerRepository {
  return {
    async saveAll(entries) {
      const newest = [
        ...new Map(entries.map((entry) => [`${entry.model}\n${entry.predictionIdHash}`, entry])).values(),
      ];
      if (newest.length > 0) await db.raw(SAVE[dialect], [JSON.stringify(newest.map(columnsOf))]);
    },
    async take(model, hashes, atMs) {
      // `is null` has PostgreSQL, without statistics, guess at a row or two and go through all hashes for each of the many there are.
      const by = 'update ledger set labelled_at_ms = ? where coalesce(labelled_at_ms, -1) < 0 and';
      const entries = await taken(db, dialect, 'ledger', { by, values: [atMs] }, model, hashes, ledgerEntryCodec);
      return entries.map((entry) => ({
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
      const by = 'delete from waiting_label where';
      const labels = await taken(db, dialect, 'waiting_label', { by, values: [] }, model, hashes, waitingLabelCodec);
      return labels.map((label) => ({
        model,
        predictionIdHash: label.prediction_id_hash,
        labelHash: label.label_hash,
        quantity: quantityOf(label.grid_centre, label.label_cell),
        atMs: label.at_ms,
        arrivedAtMs: label.arrived_at_ms,
      }));
    },
    labelledAmong: (model, hashes) => among(db, dialect, 'ledger where labelled_at_ms is not null and', model, hashes),
    waitingAmong: (model, hashes) => among(db, dialect, 'waiting_label where', model, hashes),
    async labelsWaiting(model) {
      const [counted] = await db('waiting_label').where({ model }).count({ labels: '*' });
      return Number(counted?.['labels'] ?? 0);
    },
    dropLabels: (model, arrivedBeforeMs) =>
      deleteInPieces(db, 'waiting_label', limits, (rows) =>
        rows.where({ model }).where('arrived_at_ms', '<', arrivedBeforeMs),
      ),
    async prune(olderThanMs, labelledBeforeMs) {
      const before = (table: string, column: string, ms: number): Promise<number> =>
        deleteInPieces(db, table, limits, (rows) => rows.where(column, '<', ms));
      const labels = await before('waiting_label', 'arrived_at_ms', olderThanMs);
      const labelled = await before('ledger', 'labelled_at_ms', labelledBeforeMs);
      return labels + labelled + (await before('ledger', 'at_ms', olderThanMs));
    },
  };
}
