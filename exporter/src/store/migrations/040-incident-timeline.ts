import type { Knex } from 'knex';
import { z } from 'zod';
import { chunked, SQLITE_LIMITS } from '../chunks.js';
import { forbidChanges } from './append-only.js';
import { parsedJson } from './parsed-json.js';
import type { NamedMigration } from './migration.js';

const oldIncident = z.looseObject({
  timeline: z.array(z.object({ atMs: z.number(), kind: z.string(), text: z.string() })).default([]),
});

/** A timeline's lines become rows that are only ever added: an incident's document no longer repeats them. */
export const incidentTimeline: NamedMigration = {
  name: '040-incident-timeline',
  async up(knex: Knex) {
    await knex.schema.createTable('incident_timeline', (table) => {
      table.increments('sequence');
      table.text('incident').notNullable().index();
      table.double('at_ms').notNullable();
      table.text('kind').notNullable();
      table.text('text').notNullable();
    });
    for (const { id } of await knex('incident').orderBy('opened_at_ms').select<{ id: string }[]>('id')) {
      const row = await knex('incident').where({ id }).first<{ document: string } | undefined>('document');
      const old = oldIncident.safeParse(parsedJson(row?.document ?? '')).data;
      // A damaged document stays as it is, and the store says so when it is read.
      if (old === undefined) continue;
      const { timeline, ...document } = old;
      const lines = timeline.map(({ atMs, kind, text }) => ({ incident: id, at_ms: atMs, kind, text }));
      for (const chunk of chunked(lines, 4, SQLITE_LIMITS)) await knex('incident_timeline').insert(chunk);
      await knex('incident')
        .where({ id })
        .update({ document: JSON.stringify(document) });
    }
    await forbidChanges(knex, 'incident_timeline');
  },
  down: () => Promise.reject(new Error('migrations are not undone; restore a backup instead')),
};
