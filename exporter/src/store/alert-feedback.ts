import type { Knex } from 'knex';
import type { AlertFeedback } from '../domain/alert-feedback.js';
import type { AlertFeedbackRepository } from '../domain/ports.js';

export function alertFeedbackRepository(db: Knex): AlertFeedbackRepository {
  return {
    async save(opinion) {
      await db('page_opinion')
        .insert({
          incident: opinion.incidentId,
          person: opinion.by.subject,
          at_ms: opinion.atMs,
          document: JSON.stringify(opinion),
        })
        .onConflict(['incident', 'person'])
        .merge();
    },
    async list({ incident, afterMs }) {
      const query = db('page_opinion').orderBy('at_ms');
      if (incident !== undefined) void query.where({ incident });
      if (afterMs !== undefined) void query.where('at_ms', '>', afterMs);
      const rows = await query.select<{ document: string }[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as AlertFeedback);
    },
  };
}
