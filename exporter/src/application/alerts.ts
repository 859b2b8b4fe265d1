import type { AlertRepository, ExternalAlert } from '../domain/alert.js';
import type { Store } from '../domain/ports.js';

/** Alerts that others raised. */
export interface AlertUseCases {
  /** Newest first. */
  list(filter: Parameters<AlertRepository['list']>[0]): Promise<readonly ExternalAlert[]>;
}

/** @returns the use cases of `/api/v1/alerts` */
export function alertUseCases({ store }: { readonly store: Pick<Store, 'alerts'> }): AlertUseCases {
  return { list: (filter) => store.alerts.list(filter) };
}
