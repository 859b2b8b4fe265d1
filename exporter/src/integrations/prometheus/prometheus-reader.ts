import { z } from 'zod';
import type { HttpClient } from '../../domain/ports.js';
import type { RangeSeries } from './change-queries.js';

export interface PrometheusAccess {
  /** Root address of the Prometheus API, with its sub-path. */
  readonly url: string;
  /** Value of the `Authorization` header, or null. */
  readonly authorization: string | null;
  readonly timeoutMs: number;
}

export type RangeAnswer =
  | { readonly kind: 'found'; readonly series: readonly RangeSeries[] }
  | { readonly kind: 'failure'; readonly reason: string };

const MAX_ANSWER_BYTES = 8 * 1_024 * 1_024;

const answered = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])),
      }),
    ),
  }),
});
const refused = z.object({ status: z.literal('error'), error: z.string() });

/** `GET /api/v1/query_range` of Prometheus and what speaks like it (Mimir, Thanos, VictoriaMetrics). */
export async function queryRange(
  http: HttpClient,
  access: PrometheusAccess,
  expr: string,
  fromMs: number,
  toMs: number,
  stepMs: number,
): Promise<RangeAnswer> {
  const query = new URLSearchParams({
    query: expr,
    start: String(fromMs / 1_000),
    end: String(toMs / 1_000),
    step: String(stepMs / 1_000),
  });
  const answer = await http.call({
    method: 'GET',
    url: `${access.url.replace(/\/+$/, '')}/api/v1/query_range?${query.toString()}`,
    headers: {
      accept: 'application/json',
      ...(access.authorization === null ? {} : { authorization: access.authorization }),
    },
    body: null,
    timeoutMs: access.timeoutMs,
    maxResponseBytes: MAX_ANSWER_BYTES,
  });
  if (answer.kind === 'failure') return { kind: 'failure', reason: answer.failure.detail };
  const body = jsonOf(answer.body);
  const series = answered.safeParse(body).data?.data.result;
  if (series === undefined) {
    const said = refused.safeParse(body).data?.error.slice(0, 300);
    return { kind: 'failure', reason: `Prometheus answered ${answer.status}${said === undefined ? '' : `: ${said}`}` };
  }
  return {
    kind: 'found',
    series: series.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([seconds, value]) => ({ atMs: Math.round(seconds * 1_000), value: Number(value) })),
    })),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
