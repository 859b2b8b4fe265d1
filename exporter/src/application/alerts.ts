import type { AlertIntake, AlertRepository, AlertSender, ExternalAlert, ReceivedAlert } from '../domain/alert.js';
import type { Store } from '../domain/ports.js';
import type { ApplicationPorts } from './ports.js';

/** Alerts that others raised. */
export interface AlertUseCases {
  /** Keeps them, and has the models they name evaluated. Resolves when they are stored. @throws Unavailable */
  receive(sender: AlertSender, alerts: readonly ReceivedAlert[]): Promise<AlertIntake>;
  /** Newest first. */
  list(filter: Parameters<AlertRepository['list']>[0]): Promise<readonly ExternalAlert[]>;
}

/** @returns the use cases of `/api/v1/alerts` */
export function alertUseCases({
  store,
  receiveAlerts,
}: Pick<ApplicationPorts, 'receiveAlerts'> & { readonly store: Pick<Store, 'alerts'> }): AlertUseCases {
  return { receive: receiveAlerts, list: (filter) => store.alerts.list(filter) };
}
