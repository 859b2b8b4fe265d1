import type { BackendSrv, BackendSrvRequest, FetchResponse } from '@grafana/runtime';
import { from, lastValueFrom, type Observable } from 'rxjs';

async function answerOf<T>(config: BackendSrvRequest): Promise<FetchResponse<T>> {
  const { url, method = 'GET', data, headers, params, responseType, abortSignal } = config;
  const query = params === undefined ? '' : `?${new URLSearchParams(params)}`;
  const send = () =>
    fetch(url + query, {
      method,
      headers: { ...(data === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: data === undefined ? undefined : JSON.stringify(data),
      signal: abortSignal,
    });
  let answer = await send();
  // Grafana pings the login and sends the request once more after a 401.
  if (answer.status === 401) {
    answer = await send();
  }
  const text = await answer.text();
  let body: unknown = text;
  if (responseType !== 'text') {
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch {
      body = text;
    }
  }
  const { status, statusText, ok, redirected, type } = answer;
  const response = { data: body as T, status, statusText, ok, redirected, type, headers: answer.headers, url, config };
  if (!ok) {
    throw { ...response, data: body ?? { message: statusText } };
  }
  return response;
}

/** Grafana's back-end service as far as a plugin sees it: errors as rejected answers with `status` and `data`. */
export function createBackendService(): BackendSrv {
  const fetchIt = <T>(config: BackendSrvRequest): Observable<FetchResponse<T>> => from(answerOf<T>(config));
  const dataOf = async <T>(config: BackendSrvRequest): Promise<T> => (await lastValueFrom(fetchIt<T>(config))).data;
  const service = {
    fetch: fetchIt,
    chunked: () => from([]),
    request: dataOf,
    datasourceRequest: dataOf,
    get: <T>(url: string, params?: Record<string, string>) => dataOf<T>({ url, params }),
    post: <T>(url: string, data?: unknown) => dataOf<T>({ url, method: 'POST', data }),
    put: <T>(url: string, data?: unknown) => dataOf<T>({ url, method: 'PUT', data }),
    patch: <T>(url: string, data?: unknown) => dataOf<T>({ url, method: 'PATCH', data }),
    delete: <T>(url: string) => dataOf<T>({ url, method: 'DELETE' }),
  };
  return service as unknown as BackendSrv;
}
