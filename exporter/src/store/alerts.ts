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

/** Insert or nothing, then update where still firing: two replicas that get the same alert at once cannot both be the first. */
async function takeOne(transaction: Knex.Transaction, alert: ExternalAlert): Promise<AlertReceipt> {
  const inserted = await transaction('external_alert')
    .insert({
      ...keyOf(alert),
      model: alert.modelId,
      ends_at_ms: alert.endsAtMs,
      received_at_ms: alert.receivedAtMs,
      document: alertCodec.encode(alert),
    })
    .onConflict(['sender', 'fingerprint', 'starts_at_ms'])
    .ignore()
    .returning<{ sender: string }[]>('sender');
  if (inserted.length > 0) return alert.endsAtMs === null ? 'new' : 'resolved';
  if (alert.endsAtMs === null) return 'duplicate';
  const ended = await transaction('external_alert')
    .where(keyOf(alert))
    .whereNull('ends_at_ms')
    .update({ ends_at_ms: alert.endsAtMs, document: alertCodec.encode(alert) });
  return ended > 0 ? 'resolved' : 'duplicate';
}

/** Alerts received from Alertmanager and Grafana. A notification that comes twice, or late, changes nothing. */
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
    prune: (olderThanMs) => db('external_alert').where('ends_at_ms', '<', olderThanMs).delete(),
  };
}
