/** The composition root: opens one area after the other, and closes them in the opposite order. */
import type { Config } from '../config/config.js';
import type { ReloadableConfig } from '../config/reload.js';
import type { Application } from '../application/index.js';
import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Clock, Logger } from '../domain/ports.js';
import { stopWhenRestored } from '../governance/audit/files.js';
import { createHttpApp } from '../http/app.js';
import { PROVISIONING, provisionApiKeys } from '../http/identity/provisioned-api-keys.js';
import { EventStreams } from '../http/event-streams.js';
import { startHttpServer, type HttpServer } from '../http/server.js';
import { ClosingStack } from '../system/closing-stack.js';
import { createLogger } from '../system/logger.js';
import { systemClock } from '../system/system-clock.js';
import { wireApplication } from './application.js';
import { wireAudit } from './audit.js';
import { wireCapture, wireModelDiscovery } from './capture.js';
import { openFoundation, type Foundation } from './foundation.js';
import { wireGovernance } from './governance.js';
import { httpPorts } from './http.js';
import { wireIntake } from './intake.js';
import { wireIntegrations } from './integrations.js';
import { readTopics } from './kafka.js';
import { Lifecycle } from './lifecycle.js';
import { wireMetrics } from './metrics.js';
import { wireMonitoring } from './monitoring.js';
import { wireRowAnalysis } from './row-analysis.js';
import { startSchedules } from './schedules.js';

/** A running mlfi. */
export interface Service {
  readonly application: Application;
  readonly address: string;
  /** Where the data lies, for people; no secret in it. */
  readonly storeLocation: string;
  /** The first API key, at the very first start only. */
  readonly firstKey: string | null;
  readonly config: ReloadableConfig;
  close(): Promise<void>;
}

export interface ServiceOptions {
  readonly configurationFile?: string | null;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Where rows are analysed, if not in a worker thread: a simulated clock does not wait for one. */
  readonly analyseRows?: RowAnalysisPorts['analyseRows'];
  /** Ends a start that is still restoring. */
  readonly signal?: AbortSignal;
}

/**
 * Starts everything: store, watches, governance, HTTP. When a step fails, those before it are undone.
 * @throws Error with the remedy when the store cannot be opened or the address cannot be listened on
 */
export async function startService(started: Config, options: ServiceOptions = {}): Promise<Service> {
  const closing = new ClosingStack();
  try {
    return await open(started, options, closing);
  } catch (error) {
    await closing.close().catch(() => undefined);
    throw error;
  }
}

/** Each step pushes what ends it: on the open store the areas, the port, the models, then all that runs by itself. */
async function open(started: Config, options: ServiceOptions, closing: ClosingStack): Promise<Service> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger(started.logging.level);
  const configurationFile = options.configurationFile ?? null;
  const foundation = await openFoundation(started, { configurationFile, clock, logger, closing });
  const areas = await wireAreas(foundation, options);
  await openKeys(foundation);
  const server = await listen(foundation, areas);
  await restore(foundation, areas, options.signal ?? null);
  await takeModels(foundation, areas);
  // It is shown once: a start that fails before must not have made it.
  const firstKey = (await areas.application.apiKeys.createFirst())?.text ?? null;
  run(foundation, areas, server);
  return {
    application: areas.application,
    address: server.address,
    storeLocation: started.database.kind === 'sqlite' ? started.database.file : 'PostgreSQL',
    firstKey,
    config: foundation.config,
    close: () => closing.close(),
  };
}

type Areas = Awaited<ReturnType<typeof wireAreas>>;

/** Every area of the service, wired to the others; none of them runs yet. */
async function wireAreas(foundation: Foundation, options: ServiceOptions) {
  const checkpointing = await wireAudit(foundation);
  const capture = wireCapture(foundation);
  // A re-baseline that ran before the fleet is there would throw, and so not count as done.
  const relearn = async (id: ModelId): Promise<void> => {
    await fleet.change(id, (draft) => void draft.relearn(draft.evidence().changeAtMs));
  };
  const governance = wireGovernance(foundation, relearn);
  const analyseRows = options.analyseRows ?? wireRowAnalysis(foundation);
  const fleet = wireMonitoring(foundation, capture, governance.incidents, analyseRows);
  const application = wireApplication(foundation, capture, governance, fleet, checkpointing, analyseRows);
  foundation.closing.push('executions', () => governance.governance.stop());
  const integrations = wireIntegrations(foundation, fleet, application);
  const metrics = wireMetrics(foundation, fleet, application);
  await foundation.decisionGate.check(foundation.store, () => metrics.shared.verify());
  const lifecycle = new Lifecycle(foundation.processMetrics, foundation.logger);
  const discovery = wireModelDiscovery(foundation, capture, fleet, lifecycle);
  const intake = wireIntake(foundation, fleet);
  return {
    application,
    capture,
    checkpointing,
    discovery,
    fleet,
    governance,
    intake,
    integrations,
    lifecycle,
    metrics,
  };
}

/** The keys of the configuration. */
async function openKeys({ started, store, clock, logger, auditNote }: Foundation): Promise<void> {
  const provisioned = started.apiKeys.map(({ key, ...named }) => ({ ...named, text: key.reveal() }));
  await provisionApiKeys(provisioned, {
    ...{ store, clock, logger },
    auditNote: (kind, fields) => auditNote(kind, PROVISIONING, fields),
  });
}

/** From here on the port answers, at first that the service is restoring: a sender that waits loses nothing. */
async function listen(foundation: Foundation, areas: Areas): Promise<HttpServer> {
  const { started, logger, closing } = foundation;
  const streams = new EventStreams(foundation.events, foundation.clock);
  const app = createHttpApp(httpPorts(foundation, areas, streams)).callback();
  const settings = { ...started.listen, requestTimeoutMs: started.http.requestTimeoutMs };
  const server = await startHttpServer((request, response) => void app(request, response), streams, settings, logger);
  closing.push('the HTTP server', () => server.close());
  return server;
}

/** The models of the store with what they learnt, and what was open when the service stopped. */
async function restore(foundation: Foundation, areas: Areas, signal: AbortSignal | null): Promise<void> {
  const { application, checkpointing, fleet, governance, lifecycle } = areas;
  const { store, clock, logger, closing, decisionGate, processMetrics } = foundation;
  closing.push('the fleet', () => fleet.stop());
  await application.imports.recall();
  await fleet.start((done, total) => {
    signal?.throwIfAborted();
    lifecycle.restored(done, total);
  });
  await governance.incidents.closeAllLeft((id) => fleet.has(id));
  processMetrics.unrestored(fleet.unrestoredModels().length);
  // A damaged log cannot be compared with its checkpoints, and nothing is decided on it.
  if (decisionGate.refusedBecause() === null) await stopWhenRestored(checkpointing, store, clock, logger);
}

/** The models of the configuration and of discovery, now and at every reload. */
async function takeModels(
  { config, logger, decisionGate }: Foundation,
  { discovery, lifecycle, metrics }: Areas,
): Promise<void> {
  const take = (): Promise<void> => discovery.takeConfigured(config.current().models);
  config.onReload((_, changed) => {
    if (!changed.includes('models') || lifecycle.isStopping) return;
    take().catch((error: unknown) => {
      logger.error({ error: String(error) }, 'the models of the configuration could not be taken over');
    });
  });
  await take();
  await discovery.refresh?.();
  if (decisionGate.refusedBecause() === null) await metrics.shared.refresh();
}

/** All that runs by itself; from here on the service is ready. */
function run(foundation: Foundation, areas: Areas, server: HttpServer): void {
  const { closing } = foundation;
  const { application, fleet, integrations, intake, lifecycle } = areas;
  closing.push('imports that are fetched', () => application.fetchedImports.stop());
  closing.push('calls that wait for their other half', () => intake.stop());
  startSchedules(foundation, { ...areas, imports: application.imports });
  readTopics(foundation, fleet, application, intake);
  integrations.readChanges();
  closing.push('requests under way', () => {
    lifecycle.stopping();
    return server.close();
  });
  lifecycle.running(fleet.ids().length);
}
