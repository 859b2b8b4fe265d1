import { t } from '@grafana/i18n';
import type { Discovery } from '../api/types';

type Failed = Extract<Discovery, { kind: 'not-found' }>;

/** Why no model answered, and what to do about it. */
export interface Explanation {
  title: string;
  text: string;
}

/** Failures that go away with a key, a payload or the place of the prediction. */
const BY_ASKING: ReadonlyArray<Failed['failure']['reason']> = [
  'credentials',
  'payload_refused',
  'http_4xx',
  'http_5xx',
  'error_body',
  'schema',
];

/** Whether the fields of how to ask are what to fill in next. */
export const isMendedByAsking = ({ failure }: Pick<Failed, 'failure'>) =>
  BY_ASKING.includes(failure.reason) || failure.http_status === 401 || failure.http_status === 403;

/** In words what stood in the way: a name, a port, a firewall, a key, or an answer that is not a model's. */
export function explanationOf({ failure }: Pick<Failed, 'failure'>): Explanation {
  const { reason } = failure;
  const detail = failure.detail;
  const status = failure.http_status;
  if (status === 401 || status === 403) {
    return {
      title: t('connect.key', 'The model wants a key ({{status}})', { status }),
      text: t('connect.key-text', 'Give it above as the header the model takes, and ask again.'),
    };
  }
  const known: Record<string, () => Explanation> = {
    dns: () => ({
      title: t('connect.dns', 'The host name is not known'),
      text: t(
        'connect.dns-text',
        'The exporter cannot resolve it. Write the name as the exporter sees it. {{detail}}',
        {
          detail,
          interpolation: { escapeValue: false },
        }
      ),
    }),
    connect: () => ({
      title: t('connect.refused', 'Nobody listens at this address'),
      text: t(
        'connect.refused-text',
        'The connection was refused: is the server running, and is the port right? {{detail}}',
        {
          detail,
          interpolation: { escapeValue: false },
        }
      ),
    }),
    blocked: () => ({
      title: t('connect.blocked', 'The exporter may not call this address'),
      text: t(
        'connect.blocked-text',
        'It is private or not on the list. Add it to `egress.allow_hosts` or `egress.allow_cidrs` in the configuration of the exporter. {{detail}}',
        { detail, interpolation: { escapeValue: false } }
      ),
    }),
    timeout: () => ({
      title: t('connect.timeout', 'The model did not answer in time'),
      text: detail,
    }),
    certificate: () => ({
      title: t('connect.certificate', 'The certificate is not trusted'),
      text: detail,
    }),
    tls: () => ({
      title: t('connect.tls', 'No encrypted connection can be made'),
      text: detail,
    }),
    not_http: () => ({
      title: t('connect.grpc', 'The port speaks gRPC'),
      text: t(
        'connect.grpc-text',
        'Give the HTTP port of the server, put a REST proxy in front of it, or send prediction logs. {{detail}}',
        { detail, interpolation: { escapeValue: false } }
      ),
    }),
    not_found: () => ({
      title: t('connect.missing', 'There is nothing at this path ({{status}})', { status: status ?? 404 }),
      text: t('connect.missing-text', 'Give the whole address of the path that predicts. {{detail}}', {
        detail,
        interpolation: { escapeValue: false },
      }),
    }),
    moved: () => ({
      title: t('connect.moved', 'The model has moved ({{status}})', { status: status ?? '3xx' }),
      text: detail,
    }),
    rate_limited: () => ({
      title: t('connect.limited', 'The server limits calls ({{status}})', { status: status ?? 429 }),
      text: detail,
    }),
    payload_refused: () => ({
      title: t('connect.payload', 'The model wants another payload ({{status}})', { status: status ?? '4xx' }),
      text: t('connect.payload-text', 'Give above one payload it takes, and ask again. {{detail}}', {
        detail,
        interpolation: { escapeValue: false },
      }),
    }),
    error_body: () => ({
      title: t('connect.error-body', 'The model answers with an error'),
      text: detail,
    }),
    http_4xx: () => ({
      title: t('connect.rejected', 'The model rejects the request ({{status}})', { status: status ?? '4xx' }),
      text: t(
        'connect.rejected-text',
        'Something answers there, but not to the requests mlfi knows. Check the path; what was tried stands below.'
      ),
    }),
    http_5xx: () => ({
      title: t('connect.broken', 'The model fails ({{status}})', { status: status ?? '5xx' }),
      text: t('connect.broken-text', 'It answers every request that was tried with an error of its own. {{detail}}', {
        detail,
        interpolation: { escapeValue: false },
      }),
    }),
  };
  return (
    known[reason]?.() ?? {
      title: t('connect.nobody', 'What answers here is not a model mlfi knows'),
      text: detail,
    }
  );
}
