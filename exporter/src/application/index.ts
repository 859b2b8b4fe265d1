import type { EventBus } from '../domain/ports.js';
import type { ModelValidations } from '../validation/run.js';
import { alertUseCases, type AlertUseCases } from './alerts.js';
import { apiKeyUseCases, type ApiKeyUseCases } from './api-keys.js';
import { auditUseCases, type AuditUseCases } from './audit.js';
import { baselineUseCases, type BaselineUseCases } from './baselines.js';
import { decisionUseCases, type DecisionUseCases } from './decisions.js';
import { fetchedImportUseCases, type FetchedImportUseCases } from './fetched-imports.js';
import { historyUseCases, type HistoryUseCases } from './history.js';
import { importUseCases, type ImportUseCases } from './imports.js';
import { incidentUseCases, type IncidentUseCases } from './incidents.js';
import { modelUseCases, type ModelUseCases } from './models.js';
import type { ApplicationPorts, ApplicationSettings } from './ports.js';

/** The use cases of the running service: all that `http/` and `cli/` may ask of it. */
export interface Application {
  readonly models: ModelUseCases;
  readonly baselines: BaselineUseCases;
  readonly validations: Pick<ModelValidations, 'start' | 'list'>;
  readonly imports: ImportUseCases;
  readonly fetchedImports: FetchedImportUseCases;
  readonly incidents: IncidentUseCases;
  readonly decisions: DecisionUseCases;
  readonly history: HistoryUseCases;
  readonly alerts: AlertUseCases;
  readonly audit: AuditUseCases;
  readonly apiKeys: ApiKeyUseCases;
  readonly events: EventBus;
}

/** The use cases, on top of a running fleet. */
export function createApplication(ports: ApplicationPorts, settings: ApplicationSettings): Application {
  const incidents = incidentUseCases(ports, settings);
  const imports = importUseCases(ports);
  const fetchedImports = fetchedImportUseCases({ ...ports, imports });
  const models = modelUseCases(ports, settings);
  return {
    models: {
      ...models,
      async remove(id, by) {
        const removed = await models.remove(id, by);
        fetchedImports.forget(id);
        return removed;
      },
    },
    baselines: baselineUseCases(ports),
    validations: ports.validations,
    imports,
    fetchedImports,
    incidents,
    decisions: decisionUseCases(ports, (id) => incidents.stored(id)),
    history: historyUseCases(ports),
    alerts: alertUseCases(ports),
    audit: auditUseCases(ports),
    apiKeys: apiKeyUseCases(ports),
    events: ports.events,
  };
}
