import { z } from 'zod';
import { ALERT_SENDERS, type AlertSender } from '../../domain/alert.js';
import { Forbidden, Invalid } from '../../domain/errors.js';
import { flag, limit, modelIdSchema } from '../parameters.js';
import { route, type Route } from '../route.js';
import { alertIntakeSchema, alertIntakeView, alertSchema, alertView } from '../views/alerts.js';

const firstOf = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

const texts = z.record(z.string(), z.unknown()).nullable().optional();
/** What Alertmanager (payload version 4) and Grafana (version 1) have in common; what they send besides is ignored. */
const notification = z
  .looseObject({
    alerts: z.array(
      z.looseObject({
        status: z.enum(['firing', 'resolved']),
        labels: texts,
        annotations: texts,
        startsAt: z.iso.datetime(),
        endsAt: z.iso.datetime().nullable().optional(),
        fingerprint: z.string().max(128).nullable().optional(),
      }),
    ),
  })
  .meta({ id: 'AlertNotification' });

const SENDERS: Readonly<Record<AlertSender, string>> = {
  alertmanager: 'an Alertmanager receiver',
  grafana: 'a Grafana contact point',
};

/** 202 once everything is stored; the sender retries on 503 and on nothing else, so only what can never be read is refused. */
const receive = (sender: AlertSender): Route =>
  route({
    method: 'POST',
    path: `/api/v1/alerts/${sender}`,
    scope: 'ingest',
    repeatsOn503Only: true,
    summary: `Webhook for ${SENDERS[sender]}: alerts of others about watched models`,
    body: { kind: 'text', content: { 'application/json': notification } },
    responses: { 202: alertIntakeSchema },
    async handler({ ports: { intake }, body, headers }) {
      if (sender === 'grafana') {
        const verdict = intake.alerts.verifyGrafana(
          body,
          firstOf(headers['x-grafana-alerting-signature']),
          firstOf(headers['x-grafana-alerting-timestamp']),
        );
        if (verdict !== 'valid')
          throw new Forbidden(
            `the signature in X-Grafana-Alerting-Signature is ${verdict}; it must be made with the secret named in alerts.grafana_secret`,
            'x-grafana-alerting-signature',
          );
      }
      const parsed = intake.alerts.parse(body);
      if (parsed.kind === 'refused') throw new Invalid(parsed.message, parsed.field);
      return { status: 202, body: alertIntakeView(await intake.alerts.receive(sender, parsed.alerts)) };
    },
  });

export const alertRoutes: readonly Route[] = [
  ...ALERT_SENDERS.map(receive),
  route({
    method: 'GET',
    path: '/api/v1/alerts',
    scope: 'read',
    summary: 'Alerts received from others, newest first',
    query: z.strictObject({ model: modelIdSchema.optional(), firing: flag, limit }),
    responses: { 200: z.object({ alerts: z.array(alertSchema) }) },
    async handler({ ports, query: { model, firing, limit: most } }) {
      const alerts = await ports.application.alerts.list({
        ...(model === undefined ? {} : { model }),
        ...(firing === undefined ? {} : { firing }),
        limit: most,
      });
      return { status: 200, body: { alerts: alerts.map(alertView) } };
    },
  }),
];
