import { queryOptions } from '@tanstack/react-query';
import { getBackendSrv } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { EXPORTER_PROXY } from '../constants';
import { failureOf } from './failure';

/** Addresses the running exporter answers at, as its own document lists them. */
async function paths(): Promise<string[]> {
  try {
    const { data } = await lastValueFrom(
      getBackendSrv().fetch<{ paths?: Record<string, unknown> }>({
        url: `${EXPORTER_PROXY}/api/v1/openapi.json`,
        showErrorAlert: false,
      })
    );
    return Object.keys(data.paths ?? {});
  } catch (thrown) {
    throw failureOf(thrown);
  }
}

/** What this exporter can take in; the document only changes with its version. */
export const capabilitiesQuery = () =>
  queryOptions({ queryKey: ['capabilities'], queryFn: paths, staleTime: Infinity, refetchInterval: false });
