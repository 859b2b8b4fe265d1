import type { Knex } from 'knex';
import { StoreDocumentDamaged } from '../domain/codec.js';
import type { IncidentId } from '../domain/identifiers.js';
import { TIMELINE_KINDS, type Incident, type IncidentRow, type TimelineEntry } from '../domain/incident.js';
import type { IncidentRepository } from '../domain/ports.js';
import { wholly } from './border.js';
import { chunked, type StatementLimits } from './chunks.js';
import { incidentCodec } from './codecs/incident.js';
import { NOTHING_ASIDE, readable, readDocument, type SetAside } from './documents.js';

interface StoredIncident {
  readonly id: IncidentId;
  readonly model: string;
  readonly document: string;
}
interface StoredEntry {
  readonly sequence: number;
  readonly incident: IncidentId;
  readonly at_ms: number;
  readonly kind: TimelineEntry['kind'];
  readonly text: string;
}

function entryOf(row: StoredEntry): TimelineEntry {
  const { at_ms: atMs, kind, text } = row;
  // What the check reads whole is read here at every list: only what readers rely on is looked at.
  if (typeof atMs === 'number' && TIMELINE_KINDS.includes(kind)) return { atMs, kind, text };
  const place = { table: 'incident_timeline', row: String(row.sequence), model: null };
  throw new StoreDocumentDamaged(place, 'damaged', 'line of a timeline: its time or its kind is none');
}

const rowOf = ({ id, model, document }: StoredIncident): IncidentRow =>
  readDocument(incidentCodec, document, { table: 'incident', row: id, model }, { id, model });

/**
 * The incidents a query selects with their timelines: two statements, however many there are.
 * @param lineAside is told of lines that cannot be read: they hide nothing else
 */
async function read(
  db: Knex,
  selected: Knex.QueryBuilder,
  setAside: SetAside,
  lineAside: SetAside,
): Promise<readonly Incident[]> {
  const rows = await selected.clone().select<StoredIncident[]>('id', 'model', 'document');
  if (rows.length === 0) return [];
  // A derived table, because an IN over a subquery with LIMIT is not standard SQL.
  const entries = await db('incident_timeline')
    .whereIn('incident', db.select('id').from(selected.clone().select('id').as('selected')))
    .orderBy('sequence')
    .select<StoredEntry[]>('sequence', 'incident', 'at_ms', 'kind', 'text');
  const timelines = new Map<IncidentId, TimelineEntry[]>();
  for (const entry of entries) {
    const lines = timelines.get(entry.incident) ?? [];
    lines.push(...readable([entry], entryOf, lineAside));
    timelines.set(entry.incident, lines);
  }
  const incidentOf = (row: StoredIncident): Incident => ({ ...rowOf(row), timeline: timelines.get(row.id) ?? [] });
  return readable(rows, incidentOf, setAside);
}

async function append(
  db: Knex,
  incident: IncidentId,
  entries: readonly TimelineEntry[],
  limits: StatementLimits,
): Promise<void> {
  const rows = entries.map(({ atMs, kind, text }) => ({ incident, at_ms: atMs, kind, text }));
  for (const chunk of chunked(rows, 4, limits)) await db('incident_timeline').insert(chunk);
}

export function incidentRepository(db: Knex, limits: StatementLimits, setAside: SetAside): IncidentRepository {
  return {
    get: async (id) => (await read(db, db('incident').where({ id }), NOTHING_ASIDE, setAside)).at(0) ?? null,
    openFor: async (model) => {
      const open = await db('incident')
        .where({ model })
        .whereNull('closed_at_ms')
        .orderBy('opened_at_ms', 'desc')
        .first<StoredIncident | undefined>('id', 'model', 'document');
      return open === undefined ? null : rowOf(open);
    },
    list({ model, open, limit }) {
      const query = db('incident').orderBy('opened_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (open === true) void query.whereNull('closed_at_ms');
      if (open === false) void query.whereNotNull('closed_at_ms');
      return read(db, query, setAside, setAside);
    },
    async save(incident, entries = []) {
      const { id, modelId: model, openedAtMs, closedAtMs } = incident;
      await wholly(db, async (transaction) => {
        await transaction('incident')
          .insert({
            id,
            model,
            opened_at_ms: openedAtMs,
            closed_at_ms: closedAtMs,
            document: incidentCodec.encode(incident),
          })
          .onConflict('id')
          .merge()
          .whereNull('incident.closed_at_ms');
        await append(transaction, id, entries, limits);
      });
    },
    appendTimeline: (id, entries) => append(db, id, entries, limits),
  };
}
