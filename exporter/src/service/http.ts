import type { Application } from '../application/index.js';
import { decisionsCsv } from '../explanation/report/index.js';
import { auditExportLine } from '../governance/audit/export.js';
import type { AppPorts } from '../http/app.js';
import type { EventStreams } from '../http/event-streams.js';
import { createAuthenticator, createRecogniser, type AuthenticationPorts } from '../http/identity/authenticate.js';
import { createTokenVerifier } from '../http/identity/grafana-token.js';
import { limitedAuthentication } from '../http/identity/limited-authentication.js';
import { createSigningKeys } from '../http/identity/signing-keys.js';
import type { Fleet } from '../monitoring/fleet.js';
import { version } from '../system/version.js';
import type { Foundation } from './foundation.js';
import type { WiredIntake } from './intake.js';
import type { Lifecycle } from './lifecycle.js';
import type { WiredMetrics } from './metrics.js';

const DEFAULT_PROBE_MS = 30_000;

/** What the routes speak to. */
export interface RoutedAreas {
  readonly application: Application;
  readonly fleet: Pick<Fleet, 'unrestoredModels'>;
  readonly metrics: WiredMetrics;
  readonly lifecycle: Lifecycle;
  readonly intake: WiredIntake;
}

/** What the routes need. */
export function httpPorts(
  { started, config, apiKeys, clock, logger, http, processMetrics, decisionGate }: Foundation,
  { application, fleet, metrics: { renderFleet, store: storeWatch }, lifecycle, intake: { http: intake } }: RoutedAreas,
  streams: EventStreams,
): AppPorts {
  const onRefusedCredential = (reason: string): void => processMetrics.refusedCredential(reason);
  const identity: AuthenticationPorts = {
    keys: apiKeys,
    clock,
    noteUse: (key) => application.apiKeys.noteUse(key),
    settings: () => config.current().identity,
    verifyToken: createTokenVerifier(createSigningKeys(http, clock), clock),
  };
  return {
    application,
    clock,
    logger,
    version,
    intake,
    auditExportLine,
    decisionsCsv,
    processMetrics,
    fleetMetrics: renderFleet,
    probeModule(name) {
      if (name === 'default') return { calls: null, golden: true, timeoutMs: DEFAULT_PROBE_MS };
      return config.current().probeModules.get(name) ?? null;
    },
    closedBecause: () => lifecycle.closedBecause(),
    decisionsRefusedBecause: () => decisionGate.refusedBecause(),
    unrestoredModels: () => fleet.unrestoredModels(),
    notReadyBecause: () => lifecycle.notReadyBecause(() => storeWatch.problem()),
    streams,
    reload: () => config.reload(),
    limits: { maximumBodyBytes: started.http.maximumBodyBytes },
    authenticate: limitedAuthentication(
      createAuthenticator(identity),
      createRecogniser(identity),
      started.http.wrongCredentialsPerMinute,
      { clock, logger, onRefusedCredential },
    ),
    onRefusedCredential,
    onRequest: (route, method, status, seconds) => processMetrics.request(route, method, status, seconds),
  };
}
