import type { Knex } from 'knex';
import type { AlertReceipt, AlertRepository, ExternalAlert } from '../domain/alert.js';
import { wholly } from './border.js';
import { alertCodec } from './codecs/alert.js';
import { readable, readDocument, type SetAside } from './documents.js';
import { storable } from './storable.js';

interface Row {
  readonly sender: string;
  readonly fingerprint: string;
  readonly starts_at_ms: number;
  readonly document: string;
}

const keyOf = ({ sender, fingerprint, startsAtMs }: ExternalAlert): object => ({
  sender,
  fingerprint: storable(fingerprint, 'the fingerprint of an alert'),
  starts_at_ms: startsAtMs,
});

const told = (alert: ExternalAlert) => ({
  model: alert.modelId,
  ends_at_ms: alert.endsAtMs,
  received_at_ms: alert.receivedAtMs,
  document: alertCodec.encode(alert),
});

/** Insert or nothing, then update where still firing: two replicas that get the same alert at once cannot both be the first. */
async function takeOne(transaction: Knex.Transaction, alert: ExternalAlert): Promise<AlertReceipt> {
  const inserted = await transaction('external_alert')
    .insert({ ...keyOf(alert), ...told(alert) })
    .onConflict(['sender', 'fingerprint', 'starts_at_ms'])
    .ignore()
    .returning<{ sender: string }[]>('sender');
  const fires = alert.endsAtMs === null;
  if (inserted.length > 0) return fires ? 'new' : 'resolved';
  // One that is heard of again is not forgotten as one that nobody resolved.
  const known = await transaction('external_alert').where(keyOf(alert)).whereNull('ends_at_ms').update(told(alert));
  return !fires && known > 0 ? 'resolved' : 'duplicate';
}

/** Alerts received from Alertmanager and Grafana. A notification that comes twice, or late, changes no state. */
export function alertRepository(db: Knex, setAside: SetAside): AlertRepository {
  return {
    take: (alerts) =>
      wholly(db, async (transaction) => {
        const receipts: AlertReceipt[] = [];
        for (const alert of alerts) receipts.push(await takeOne(transaction, alert));
        return receipts;
      }),
    async list({ model, firing, limit }) {
      const query = db('external_alert').orderBy('received_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (firing === true) void query.whereNull('ends_at_ms');
      if (firing === false) void query.whereNotNull('ends_at_ms');
      const rows = await query.select<Row[]>('sender', 'fingerprint', 'starts_at_ms', 'document');
      return readable(
        rows,
        (row) =>
          readDocument(
            alertCodec,
            row.document,
            {
              table: 'external_alert',
              row: `${row.fingerprint} of ${row.sender} since ${row.starts_at_ms}`,
              model: null,
            },
            { sender: row.sender, fingerprint: row.fingerprint, starts_at_ms: row.starts_at_ms },
          ),
        setAside,
      );
    },
    prune: (olderThanMs) =>
      db('external_alert')
        .where('ends_at_ms', '<', olderThanMs)
        .orWhere((query) => void query.whereNull('ends_at_ms').where('received_at_ms', '<', olderThanMs))
        .delete(),
  };
}
