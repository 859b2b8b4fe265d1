import type { Knex } from 'knex';
import type { AlertFeedbackRepository } from '../domain/ports.js';
import { alertFeedbackCodec } from './codecs/alert.js';
import { readable, readDocument, type SetAside } from './documents.js';

interface Row {
  readonly incident: string;
  readonly person: string;
  readonly document: string;
}

export function alertFeedbackRepository(db: Knex, setAside: SetAside): AlertFeedbackRepository {
  return {
    async save(feedback) {
      await db('page_opinion')
        .insert({
          incident: feedback.incidentId,
          person: feedback.by.subject,
          at_ms: feedback.atMs,
          document: alertFeedbackCodec.encode(feedback),
        })
        .onConflict(['incident', 'person'])
        .merge();
    },
    async list({ incident, afterMs }) {
      const query = db('page_opinion').orderBy('at_ms');
      if (incident !== undefined) void query.where({ incident });
      if (afterMs !== undefined) void query.where('at_ms', '>', afterMs);
      const rows = await query.select<Row[]>('incident', 'person', 'document');
      return readable(
        rows,
        (row) =>
          readDocument(
            alertFeedbackCodec,
            row.document,
            {
              table: 'page_opinion',
              row: `${row.incident} of ${row.person}`,
              model: null,
            },
            { incident: row.incident, person: row.person },
          ),
        setAside,
      );
    },
  };
}
