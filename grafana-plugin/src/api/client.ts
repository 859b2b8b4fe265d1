import { t } from '@grafana/i18n';
import { config, getBackendSrv } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { EXPORTER_PROXY } from '../constants';
import type {
  AuditEntry,
  AuditVerdict,
  Checkpoints,
  Discovery,
  FleetModel,
  Incident,
  KillSwitch,
  ModelDetail,
  PageOpinion,
  Recommendation,
  Review,
  SignalDistribution,
  SimilarIncident,
  Validation,
  WhoAmI,
} from './types';

/** Why a request failed, in words for the person who reads it. */
export interface Failure {
  kind: 'exporter-down' | 'not-configured' | 'refused' | 'not-found' | 'conflict' | 'invalid' | 'failed';
  message: string;
  field: string | null;
  details: unknown;
}

interface FetchError {
  status?: number;
  statusText?: string;
  data?: { error?: { code?: string; message?: string; field?: string | null; details?: unknown }; message?: string };
}

const KINDS: Record<number, Failure['kind']> = { 400: 'invalid', 403: 'refused', 404: 'not-found', 409: 'conflict' };

/** Reads Grafana's and the exporter's way of saying no. */
export function failureOf(thrown: unknown): Failure {
  const { status = 0, statusText, data } = (thrown ?? {}) as FetchError;
  const said = data?.error;
  const nothing = { field: null, details: null };
  if (said?.message !== undefined) {
    return { kind: KINDS[status] ?? 'failed', message: said.message, field: said.field ?? null, details: said.details };
  }
  if (status === 502 || status === 504) {
    return {
      kind: 'exporter-down',
      message: t('failure.down', "Grafana's server cannot reach the exporter at the configured address."),
      ...nothing,
    };
  }
  if (status === 500 && (data?.message ?? '').toLowerCase().includes('interpolate')) {
    return {
      kind: 'not-configured',
      message: t('failure.not-configured', 'The exporter address is not configured.'),
      ...nothing,
    };
  }
  if (status === 403) {
    return { kind: 'refused', message: t('failure.role', 'Your Grafana role does not allow this.'), ...nothing };
  }
  const message = data?.message ?? statusText ?? (thrown instanceof Error ? thrown.message : '');
  return { kind: 'failed', message: message === '' ? t('failure.failed', 'The request failed.') : message, ...nothing };
}

async function ask<T>(method: 'GET' | 'POST' | 'PUT', path: string, data?: unknown): Promise<T> {
  const request = {
    url: `${EXPORTER_PROXY}/api/v1/${path}`,
    method,
    data,
    showErrorAlert: false,
    showSuccessAlert: false,
  };
  return (await lastValueFrom(getBackendSrv().fetch<T>(request))).data;
}
const query = (parameters: Record<string, string | number | undefined>) =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  ).toString();
const at = encodeURIComponent;

/** Every request the plugin makes of the exporter, in one place. */
export const exporter = {
  models: async () => (await ask<{ models: FleetModel[] }>('GET', 'models')).models,
  model: (id: string) => ask<ModelDetail>('GET', `models/${at(id)}`),
  distributions: async (id: string) =>
    (await ask<{ signals: SignalDistribution[] }>('GET', `models/${at(id)}/distributions`)).signals,
  aggregates: (id: string, fromMs: number, toMs: number) =>
    ask<string>(
      'GET',
      `models/${at(id)}/aggregates.csv?${query({ from_ms: Math.floor(fromMs), to_ms: Math.ceil(toMs) })}`
    ),
  incident: (id: string) => ask<Incident>('GET', `incidents/${at(id)}`),
  similar: async (id: string) =>
    (await ask<{ similar: SimilarIncident[] }>('GET', `incidents/${at(id)}/similar`)).similar,
  recommendations: async (filter: { incident?: string; model?: string; pending?: 'true'; limit?: number }) =>
    (await ask<{ recommendations: Recommendation[] }>('GET', `recommendations?${query(filter)}`)).recommendations,
  recommendation: (id: string) => ask<Recommendation>('GET', `recommendations/${at(id)}`),
  audit: async (from: number, limit: number) =>
    (await ask<{ entries: AuditEntry[] }>('GET', `audit?${query({ from, limit })}`)).entries,
  checkpoints: () => ask<Checkpoints>('GET', 'audit/checkpoints?limit=5'),
  makeCheckpoint: () => ask<object>('POST', 'audit/checkpoints', {}),
  verifyAudit: () => ask<AuditVerdict>('GET', 'audit/verify'),
  whoAmI: () => ask<WhoAmI>('GET', 'whoami'),
  vote: (vote: {
    recommendation_id: string;
    digest: string;
    verdict: 'approve' | 'reject';
    reason: string;
    break_glass?: { ticket: string };
  }) => ask<Recommendation>('POST', 'votes', vote),
  revoke: (id: string, reason: string) => ask<Recommendation>('POST', 'revocations', { recommendation_id: id, reason }),
  withdraw: (id: string, reason: string) =>
    ask<Recommendation>('POST', 'withdrawals', { recommendation_id: id, reason }),
  reportOutcome: (id: string, outcome: 'succeeded' | 'failed', reason: string) =>
    ask<Recommendation>('POST', 'outcomes', { recommendation_id: id, outcome, reason }),
  propose: (incident: string, action: string, why: string) =>
    ask<Recommendation>('POST', 'recommendations', { incident_id: incident, action, why }),
  reviews: async () => (await ask<{ reviews: Review[] }>('GET', 'reviews')).reviews,
  review: (id: string, finding: string) => ask<object>('POST', 'reviews', { recommendation_id: id, reason: finding }),
  killSwitch: () => ask<KillSwitch>('GET', 'kill-switch'),
  setKillSwitch: (on: boolean, reason: string) => ask<KillSwitch>('PUT', 'kill-switch', { on, reason }),
  validations: async (id: string) =>
    (await ask<{ validations: Validation[] }>('GET', `models/${at(id)}/validations`)).validations,
  validate: (id: string, request: { candidate_url: string; purpose: 'replace' | 'restore' }) =>
    ask<Validation>('POST', `models/${at(id)}/validations`, request),
  acceptBaseline: (id: string, reason: string) => ask<object>('POST', `models/${at(id)}/baseline/accept`, { reason }),
  freezeBaseline: (id: string, frozen: boolean) => ask<object>('POST', `models/${at(id)}/baseline/freeze`, { frozen }),
  opinions: async (id: string) =>
    (await ask<{ opinions: PageOpinion[] }>('GET', `incidents/${at(id)}/opinions`)).opinions,
  judgePage: (id: string, useful: boolean, reason: string) =>
    ask<object>('POST', 'opinions', { incident_id: id, useful, reason }),
  discover: (url: string) => ask<Discovery>('POST', 'discover', { url }),
  register: (registration: object) => ask<FleetModel>('POST', 'models', registration),
  setPaused: (id: string, isPaused: boolean) =>
    ask<object>('POST', `models/${at(id)}/${isPaused ? 'pause' : 'start'}`, {}),
  relearn: (id: string, reason: string) => ask<object>('POST', `models/${at(id)}/baseline/reset`, { reason }),
};

const proxied = (path: string) => `${config.appSubUrl ?? ''}${EXPORTER_PROXY}/api/v1/${path}`;

/** Address of a file the browser downloads through Grafana's proxy. */
export const downloadUrl = {
  report: (incident: string, format: 'markdown' | 'html' | 'json' | 'csv') =>
    proxied(`incidents/${at(incident)}/report?format=${format}`),
  aggregates: (model: string, fromMs: number, toMs: number) =>
    proxied(`models/${at(model)}/aggregates.csv?${query({ from_ms: Math.floor(fromMs), to_ms: Math.ceil(toMs) })}`),
  audit: () => proxied('audit/export'),
};
