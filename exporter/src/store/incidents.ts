import type { Knex } from 'knex';
import type { Incident } from '../domain/incident.js';
import type { IncidentRepository } from '../domain/ports.js';
import { incidentCodec } from './codecs/incident.js';
import { readDocument } from './documents.js';

interface Row {
  readonly id: string;
  readonly model: string;
  readonly document: string;
}
const COLUMNS = ['id', 'model', 'document'] as const;

const read = ({ id, model, document }: Row): Incident =>
  readDocument(incidentCodec, document, { table: 'incident', row: id, model });
const readOne = (row: Row | undefined): Incident | null => (row === undefined ? null : read(row));

export function incidentRepository(db: Knex): IncidentRepository {
  return {
    get: async (id) =>
      readOne(
        await db('incident')
          .where({ id })
          .first<Row | undefined>(...COLUMNS),
      ),
    openFor: async (model) =>
      readOne(
        await db('incident')
          .where({ model })
          .whereNull('closed_at_ms')
          .orderBy('opened_at_ms', 'desc')
          .first<Row | undefined>(...COLUMNS),
      ),
    async list({ model, open, limit }) {
      const query = db('incident').orderBy('opened_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (open === true) void query.whereNull('closed_at_ms');
      if (open === false) void query.whereNotNull('closed_at_ms');
      return (await query.select<Row[]>(...COLUMNS)).map(read);
    },
    async save(incident) {
      await db('incident')
        .insert({
          id: incident.id,
          model: incident.modelId,
          opened_at_ms: incident.openedAtMs,
          closed_at_ms: incident.closedAtMs,
          document: incidentCodec.encode(incident),
        })
        .onConflict('id')
        .merge();
    },
  };
}
