import { getBackendSrv } from '@grafana/runtime';
import { lastValueFrom } from 'rxjs';
import { EXPORTER_PROXY } from '../constants';

/** One line of the fleet table, as `GET /api/v1/models` gives it. */
export interface FleetModel {
  id: string;
  name: string;
  state: 'learning' | 'healthy' | 'degraded' | 'failing' | 'unreachable' | 'paused';
  severity: string;
  confidence_mean: number | null;
  error_share: number;
  latency_p50_seconds: number | null;
  total_samples: number;
  headline: string | null;
}

/** Asks the exporter, through Grafana's proxy, for every watched model. */
export async function fetchFleet(): Promise<FleetModel[]> {
  const response = await lastValueFrom(
    getBackendSrv().fetch<{ models: FleetModel[] }>({ url: `${EXPORTER_PROXY}/api/v1/models`, showErrorAlert: false })
  );
  return response.data.models;
}
