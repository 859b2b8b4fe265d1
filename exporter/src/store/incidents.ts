import type { Knex } from 'knex';
import type { Incident } from '../domain/incident.js';
import type { IncidentRepository } from '../domain/ports.js';

const read = (row: { document: string } | undefined): Incident | null =>
  row === undefined ? null : (JSON.parse(row.document) as Incident);

export function incidentRepository(db: Knex): IncidentRepository {
  return {
    get: async (id) => read(await db('incident').where({ id }).first<{ document: string } | undefined>('document')),
    openFor: async (model) =>
      read(
        await db('incident')
          .where({ model })
          .whereNull('closed_at_ms')
          .orderBy('opened_at_ms', 'desc')
          .first<{ document: string } | undefined>('document'),
      ),
    async list({ model, open, limit }) {
      const query = db('incident').orderBy('opened_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (open === true) void query.whereNull('closed_at_ms');
      if (open === false) void query.whereNotNull('closed_at_ms');
      const rows = await query.select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as Incident);
    },
    async save(incident) {
      await db('incident')
        .insert({
          id: incident.id,
          model: incident.modelId,
          opened_at_ms: incident.openedAtMs,
          closed_at_ms: incident.closedAtMs,
          document: JSON.stringify(incident),
        })
        .onConflict('id')
        .merge();
    },
  };
}
