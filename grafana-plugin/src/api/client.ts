import { getBackendSrv } from '@grafana/runtime';
import createClient from 'openapi-fetch';
import { lastValueFrom } from 'rxjs';
import { EXPORTER_PROXY } from '../constants';
import { Failure, failureOf } from './failure';
import type { paths } from './schema';

/** Sends a request the way Grafana wants it sent; only answers that worked come back, the rest is thrown. */
async function throughGrafana(request: Request): Promise<Response> {
  const text = request.method === 'GET' ? '' : await request.text();
  const { pathname, search } = new URL(request.url);
  try {
    const { data, status } = await lastValueFrom(
      getBackendSrv().fetch<unknown>({
        url: `${pathname}${search}`,
        method: request.method,
        data: text === '' ? undefined : JSON.parse(text),
        responseType: 'text',
        abortSignal: request.signal,
        showErrorAlert: false,
        showSuccessAlert: false,
      })
    );
    return new Response(typeof data === 'string' ? data : JSON.stringify(data ?? null), { status });
  } catch (thrown) {
    throw failureOf(thrown);
  }
}

/** The exporter's API as its OpenAPI document describes it, asked through Grafana's plugin proxy. */
export const exporter = createClient<paths>({
  // A request needs a whole address; Grafana adds its own sub-path.
  baseUrl: `${window.location.origin}${EXPORTER_PROXY}`,
  fetch: throughGrafana,
});

/** The body of an answer. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  const { data } = await answer;
  if (data === undefined) {
    throw new Failure('failed', 'the answer is empty');
  }
  return data;
}
