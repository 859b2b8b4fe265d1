import { alertRoutes } from './alerts.js';
import { auditRoutes } from './audit.js';
import { baselineRoutes } from './baselines.js';
import { cloudEventRoutes } from './cloudevents.js';
import { decisionRoutes } from './decisions.js';
import { fetchedImportRoutes } from './fetched-imports.js';
import { identityRoutes } from './identity.js';
import { importRoutes } from './imports.js';
import { incidentRoutes } from './incidents.js';
import { learningRoutes } from './incident-history.js';
import { modelRoutes } from './models.js';
import { observationRoutes } from './observations.js';
import { openTelemetryRoutes } from './opentelemetry.js';
import { prometheusRoutes } from './prometheus.js';
import { legacyRoutes } from './legacy-api.js';
import { serviceRoutes } from './service.js';
import { validationRoutes } from './validations.js';
import type { Route } from '../route.js';

/** Every route but the two made of this table: the OpenAPI document and the landing page. */
export const ROUTES: readonly Route[] = [
  ...legacyRoutes,
  ...modelRoutes,
  ...baselineRoutes,
  ...observationRoutes,
  ...importRoutes,
  ...fetchedImportRoutes,
  ...cloudEventRoutes,
  ...openTelemetryRoutes,
  ...validationRoutes,
  ...incidentRoutes,
  ...decisionRoutes,
  ...alertRoutes,
  ...prometheusRoutes,
  ...auditRoutes,
  ...learningRoutes,
  ...identityRoutes,
  ...serviceRoutes,
];
