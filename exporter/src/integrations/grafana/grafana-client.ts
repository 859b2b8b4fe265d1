import { z } from 'zod';
import type { AnnotationSource, GrafanaAnnotation, HttpClient } from '../../domain/ports.js';

export interface GrafanaAccess {
  /** Root address of Grafana, with its sub-path. */
  readonly url: string;
  /** Token of a service account with the role Editor, or null. */
  readonly token: string | null;
  readonly timeoutMs: number;
}

export type PostOutcome =
  | { readonly kind: 'posted' }
  /** Nothing will make Grafana take this one. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Worth another try. `mayHaveArrived`: it was sent and no answer came. */
  | { readonly kind: 'again'; readonly reason: string; readonly mayHaveArrived: boolean };

export interface GrafanaClient extends AnnotationSource {
  post(annotation: GrafanaAnnotation): Promise<PostOutcome>;
  /** Where and how it is called now; null when there is no Grafana. */
  access(): GrafanaAccess | null;
}

const MAX_ANSWER_BYTES = 4 * 1_024 * 1_024;
/** Not `connect`: a connection that broke after the request was sent has the same name. */
const UNSENT_REASONS = new Set(['dns', 'certificate', 'tls', 'blocked']);
/** A token that is wrong may be put right, and Grafana may be busy: everything else in 4xx is about this annotation. */
const RETRYABLE_STATUSES = new Set([401, 403, 404, 408, 425, 429]);

const listed = z.array(
  z.object({
    time: z.number(),
    timeEnd: z.number().optional(),
    text: z.string().nullish(),
    tags: z.array(z.string()).nullish(),
  }),
);

/** The address below Grafana's root. */
const grafanaAddress = (root: string, path: string): string => `${root.replace(/\/+$/, '')}${path}`;

/**
 * Grafana's annotations API as of 12.4 (`POST` and `GET /api/annotations`). Annotations belong to the organisation of the
 * token, not to a dashboard, so that every dashboard can show them by tag.
 * @param access asked at every call, so that a new token takes effect at once; null when there is no Grafana
 */
export function createGrafanaClient(http: HttpClient, access: () => GrafanaAccess | null): GrafanaClient {
  const call = async (
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
  ): Promise<Awaited<ReturnType<HttpClient['call']>> | null> => {
    const grafana = access();
    if (grafana === null) return null;
    return http.call({
      method,
      url: grafanaAddress(grafana.url, path),
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(grafana.token === null ? {} : { authorization: `Bearer ${grafana.token}` }),
      },
      body: body === null ? null : JSON.stringify(body),
      timeoutMs: grafana.timeoutMs,
      maxResponseBytes: MAX_ANSWER_BYTES,
    });
  };
  return {
    access,
    async post({ timeMs, timeEndMs, text, tags }) {
      const answer = await call('POST', '/api/annotations', {
        time: timeMs,
        ...(timeEndMs === null ? {} : { timeEnd: timeEndMs }),
        text,
        tags,
      });
      if (answer === null) return { kind: 'again', reason: 'no Grafana is configured', mayHaveArrived: false };
      if (answer.kind === 'failure') {
        const { reason, detail } = answer.failure;
        return { kind: 'again', reason: detail, mayHaveArrived: !UNSENT_REASONS.has(reason) };
      }
      const { status } = answer;
      if (status >= 200 && status < 300) return { kind: 'posted' };
      const reason = `Grafana answered ${status}`;
      return status >= 500 || status < 400 || RETRYABLE_STATUSES.has(status)
        ? { kind: 'again', reason, mayHaveArrived: status >= 500 }
        : { kind: 'refused', reason };
    },
    async list({ fromMs, toMs, tags, limit }) {
      const query = new URLSearchParams({
        from: String(fromMs),
        to: String(toMs),
        limit: String(limit),
        type: 'annotation',
      });
      for (const tag of tags) query.append('tags', tag);
      const answer = await call('GET', `/api/annotations?${query.toString()}`, null);
      if (answer === null) return { kind: 'failure', reason: 'no Grafana is configured' };
      if (answer.kind === 'failure') return { kind: 'failure', reason: answer.failure.detail };
      if (answer.status !== 200) return { kind: 'failure', reason: `Grafana answered ${answer.status}` };
      const parsed = listed.safeParse(jsonOf(answer.body));
      if (!parsed.success)
        return { kind: 'failure', reason: 'Grafana answered something that is no list of annotations' };
      return {
        kind: 'found',
        annotations: parsed.data.map(({ time, timeEnd, text, tags: given }) => ({
          timeMs: time,
          // Grafana gives points an end, too: their beginning.
          timeEndMs: timeEnd === undefined || timeEnd === 0 || timeEnd === time ? null : timeEnd,
          text: text ?? '',
          tags: given ?? [],
        })),
      };
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
