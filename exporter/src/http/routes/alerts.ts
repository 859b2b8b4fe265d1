import { Invalid, Forbidden } from '../../domain/errors.js';
import { ALERT_SENDERS, type AlertSender, type ExternalAlert } from '../../domain/alert.js';
import { modelId } from '../../domain/identifiers.js';
import { json, numberQuery, type Reply, type RequestContext, type Route } from '../route.js';

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** 202 once everything is stored; the sender retries on 503 and on nothing else, so only what can never be read is refused. */
async function receive(context: RequestContext, sender: AlertSender): Promise<Reply> {
  const { application, receiveAlerts, clock } = context.ports;
  const body = await context.text();
  if (sender === 'grafana') {
    const verdict = receiveAlerts.verifyGrafana(
      body,
      header(context.headers['x-grafana-alerting-signature']),
      header(context.headers['x-grafana-alerting-timestamp']),
      clock.now(),
    );
    if (verdict !== 'valid')
      throw new Forbidden(
        `the signature in X-Grafana-Alerting-Signature is ${verdict}; it must be made with the secret named in alerts.grafana_secret`,
        'x-grafana-alerting-signature',
      );
  }
  const parsed = receiveAlerts.parse(body, clock.now());
  if (parsed.kind === 'refused') throw new Invalid(parsed.message, parsed.field);
  return json(await application.alerts.receive(sender, parsed.alerts), 202);
}

const view = (alert: ExternalAlert): object => ({
  sender: alert.sender,
  fingerprint: alert.fingerprint,
  model: alert.modelId,
  name: alert.name,
  summary: alert.summary,
  labels: alert.labels,
  starts_at_ms: alert.startsAtMs,
  ends_at_ms: alert.endsAtMs,
  received_at_ms: alert.receivedAtMs,
});

export const alertRoutes: readonly Route[] = [
  ...ALERT_SENDERS.map((sender): Route => ({
    method: 'POST',
    path: `/api/v1/alerts/${sender}`,
    scope: 'ingest',
    summary: `Webhook for ${sender === 'grafana' ? 'a Grafana contact point' : 'an Alertmanager receiver'}: alerts of others about watched models`,
    handle: (context) => receive(context, sender),
  })),
  {
    method: 'GET',
    path: '/api/v1/alerts',
    scope: 'read',
    summary: 'Alerts received from others, newest first; ?model=, ?firing=true, ?limit=',
    async handle(context) {
      const model = context.query.get('model');
      const firing = context.query.get('firing');
      if (firing !== null && firing !== 'true' && firing !== 'false')
        throw new Invalid('firing must be true or false', 'firing');
      const alerts = await context.ports.application.alerts.list({
        ...(model === null ? {} : { model: modelId(model) }),
        ...(firing === null ? {} : { firing: firing === 'true' }),
        limit: numberQuery(context, 'limit', 100, 1, 1_000),
      });
      return json({ alerts: alerts.map(view) });
    },
  },
];
