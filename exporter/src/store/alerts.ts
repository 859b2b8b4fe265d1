import type { Knex } from 'knex';
import type { AlertReceipt, AlertRepository, ExternalAlert } from '../domain/alert.js';

interface Row {
  readonly document: string;
}

const keyOf = ({ sender, fingerprint, startsAtMs }: ExternalAlert): object => ({
  sender,
  fingerprint,
  starts_at_ms: startsAtMs,
});

async function takeOne(transaction: Knex.Transaction, alert: ExternalAlert): Promise<AlertReceipt> {
  const known = await transaction('external_alert').where(keyOf(alert)).first<Row | undefined>('document');
  const before = known === undefined ? null : (JSON.parse(known.document) as ExternalAlert);
  if (before !== null && (before.endsAtMs !== null || alert.endsAtMs === null)) return 'duplicate';
  await transaction('external_alert')
    .insert({
      ...keyOf(alert),
      model: alert.modelId,
      ends_at_ms: alert.endsAtMs,
      received_at_ms: before?.receivedAtMs ?? alert.receivedAtMs,
      document: JSON.stringify({ ...alert, receivedAtMs: before?.receivedAtMs ?? alert.receivedAtMs }),
    })
    .onConflict(['sender', 'fingerprint', 'starts_at_ms'])
    .merge();
  return alert.endsAtMs === null ? 'new' : 'resolved';
}

/** Alerts received from Alertmanager and Grafana. A notification that comes twice, or late, changes nothing. */
export function alertRepository(db: Knex): AlertRepository {
  return {
    take: (alerts) =>
      db.transaction(async (transaction) => {
        const receipts: AlertReceipt[] = [];
        for (const alert of alerts) receipts.push(await takeOne(transaction, alert));
        return receipts;
      }),
    async list({ model, firing, limit }) {
      const query = db('external_alert').orderBy('received_at_ms', 'desc').limit(limit);
      if (model !== undefined) void query.where({ model });
      if (firing === true) void query.whereNull('ends_at_ms');
      if (firing === false) void query.whereNotNull('ends_at_ms');
      const rows = await query.select<Row[]>('document');
      return rows.map(({ document }) => JSON.parse(document) as ExternalAlert);
    },
    prune: (olderThanMs) => db('external_alert').where('ends_at_ms', '<', olderThanMs).delete(),
  };
}
