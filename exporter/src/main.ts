/** The composition root: the only file that knows every part. */
import { createHmac, randomBytes } from 'node:crypto';
import { createApplication, modelOf } from './application.js';
import { auditCheckpoints, stopWhenRestored, verifyExportedLog, verifyLog, type HeldTexts } from './audit-log.js';
import { parseBatch } from './capture/ingest/parse.js';
import { discover } from './capture/probing/discover.js';
import { chooseGoldenInputs } from './capture/probing/payloads/golden.js';
import { createProber } from './capture/probing/prober.js';
import type { Config } from './config/config.js';
import { reloadableConfig, type ReloadableConfig } from './config/reload.js';
import type { Application, Discovery, Investigation, InvestigationProgress } from './domain/application.js';
import type { AuditVerdict } from './domain/audit.js';
import type { Actor } from './domain/decision.js';
import type { IncidentId, ModelId } from './domain/identifiers.js';
import type { Incident } from './domain/incident.js';
import type { GoldenInput } from './domain/model.js';
import type { Json, JsonObject } from './domain/json.js';
import type { Clock, HttpClient, Logger, Store } from './domain/ports.js';
import type { ActionId, Proposal } from './domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from './domain/thresholds.js';
import { decisionsCsv, renderReport, type ReportFormat } from './explanation/report/index.js';
import { Fleet } from './fleet.js';
import type { Checkpointing } from './governance/audit/checkpointing.js';
import { auditExportLine } from './governance/audit/export.js';
import { verifyAudit } from './governance/audit/verify.js';
import { createExecutors } from './governance/executors/index.js';
import { createGovernance } from './governance/governance.js';
import { auditBy } from './governance/transition.js';
import { createFirstKey } from './http/identity/api-keys.js';
import { createAuthenticator } from './http/identity/authenticate.js';
import { createTokenVerifier } from './http/identity/grafana-token.js';
import { createSigningKeys } from './http/identity/signing-keys.js';
import { createEgress } from './http/egress.js';
import { startHttpServer } from './http/server.js';
import { createIncidentKeeper } from './incident-keeper.js';
import { investigate, type InvestigationPorts } from './investigation.js';
import { remember } from './learning/remember.js';
import { similarLessons } from './learning/similarity.js';
import { actionOutlook } from './learning/outlook.js';
import { trackRecord } from './learning/track-record.js';
import { renderGovernance, type GovernanceFigures } from './metrics/governance-families.js';
import { renderFleet } from './metrics/model-families.js';
import { createProcessMetrics } from './metrics/process-metrics.js';
import { proposalOnRequest } from './recommendation/on-request.js';
import { openStore, type StoreLocation } from './store/open-store.js';
import { createEventBus } from './system/event-bus.js';
import { createLogger } from './system/logger.js';
import { randomIds } from './system/random-ids.js';
import { seededRandom } from './system/seeded-random.js';
import { systemClock } from './system/system-clock.js';
import { version } from './version.js';

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
}

const SWEEP_MS = 30_000;
const PRUNE_MS = 3_600_000;
const SALT = 'salt';

const storeAt = (config: Config): StoreLocation =>
  config.database.kind === 'sqlite'
    ? config.database
    : { kind: 'postgresql', url: config.database.url.reveal(), poolSize: config.database.poolSize };

/** As `auditCheckpoints`; a store that cannot be signed for is closed again. */
async function checkpointsOf(...of: Parameters<typeof auditCheckpoints>): Promise<Checkpointing> {
  try {
    return auditCheckpoints(...of);
  } catch (error) {
    await of[1].store.close();
    throw error;
  }
}

async function governanceFigures(store: Store, configured: boolean, nowMs: number): Promise<GovernanceFigures> {
  const [head, [checkpoint]] = await Promise.all([store.audit.head(), store.audit.checkpoints(1)]);
  return store.governance(async (transaction) => {
    const owed = await transaction.reviews({ open: true });
    return {
      recommendations: await transaction.recommendationCounts(),
      killSwitch: configured || (await transaction.killSwitch()),
      reviewsOwed: owed.length,
      reviewsOverdue: owed.filter(({ dueAtMs }) => dueAtMs < nowMs).length,
      auditHead: head?.sequence ?? 0,
      checkpoint: checkpoint ?? null,
    };
  });
}

/** Salted one-way hash for answers and prediction ids; the salt never leaves the store. */
async function saltedHash(store: Store): Promise<(text: string) => string> {
  let salt = await store.settings.get(SALT);
  if (typeof salt !== 'string') {
    salt = randomBytes(32).toString('hex');
    await store.settings.set(SALT, salt);
  }
  const key = salt;
  return (text) => createHmac('sha256', key).update(text).digest('base64url').slice(0, 22);
}

/** An action somebody asks for, as the rules would propose it for the incident. */
function requestedProposal(action: ActionId, why: string, incident: Incident, fleet: Fleet, config: Config): Proposal {
  const { model, baseline } = fleet.watch(incident.modelId);
  const { fingerprint, diagnosis } = incident;
  const learnt = { fingerprint, atMs: diagnosis.atMs, lessons: fleet.experienceLessons() };
  return proposalOnRequest(action, why, diagnosis, {
    modelId: model.id,
    modelName: model.name,
    webhookTargets: webhookTargets(config),
    track: (cause, tried, place) => trackRecord(cause, tried, place, learnt),
    outlook: (cause, tried, place) => actionOutlook(cause, tried, place, learnt),
    hasBaseline: baseline !== null,
    versionLabel: model.versionLabel,
  });
}

/** Action → webhook address, from the configuration. */
function webhookTargets(config: Config): Partial<Record<ActionId, string>> {
  return Object.fromEntries(
    config.governance.webhooks.flatMap(({ actions, url }) => actions.map((action) => [action, url])),
  );
}

/**
 * Starts everything: store, watches, governance, HTTP.
 * @throws Error with the remedy when the store cannot be opened or the address cannot be listened on
 */
export async function startService(started: Config, options: ServiceOptions = {}): Promise<Service> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger(started.logging.level);
  const config = reloadableConfig(started, options.configurationFile ?? null, process.env, logger, () => undefined);
  const store = await openStore(storeAt(started));
  const hash = await saltedHash(store);
  const events = createEventBus(logger);
  const http = createEgress(started.egress);
  const checkpointing = await checkpointsOf(started, { store, clock, logger, http }, () => config.current());
  const authorizationOf = (name: string): string | null => config.current().secrets.get(name)?.reveal() ?? null;
  const discoverAt = (url: string, secret: string | null): Promise<Discovery> =>
    discover({ http, timeoutMs: started.probing.timeoutMs, authorizationOf }, url, secret);
  const golden = (payloads: readonly Json[]): readonly GoldenInput[] =>
    chooseGoldenInputs(payloads, started.probing.goldenInputs);
  const prober = createProber({ http, clock, random: seededRandom(clock.now() % 2 ** 31), logger, authorizationOf });

  let relearn: (id: ModelId) => Promise<void> = () => Promise.resolve();
  const executors = createExecutors(
    {
      http,
      clock,
      timeoutMs: 10_000,
      secretFor: (url) =>
        config
          .current()
          .governance.webhooks.find((target) => target.url === url)
          ?.signingSecret?.reveal() ?? null,
    },
    (id) => relearn(id),
  );
  const governance = createGovernance({
    store,
    clock,
    ids: randomIds,
    executors,
    events,
    logger,
    policy: () => config.current().governance,
    soleWriter: started.database.kind === 'sqlite',
  });
  const keeper = createIncidentKeeper({
    incidents: store.incidents,
    lessons: store.lessons,
    governance,
    events,
    clock,
    ids: randomIds,
    remember: (incident, records) => remember(incident, records, randomIds),
  });
  const fleet = new Fleet(
    {
      store,
      clock,
      random: () => seededRandom(1),
      logger,
      events,
      prober,
      keeper,
      hash,
      rediscover: (model) => discoverAt(model.endpoint?.url ?? '', model.endpoint?.authorizationSecret ?? null),
    },
    {
      get thresholds() {
        return config.current().detection;
      },
      get requirements() {
        return config.current().baseline;
      },
      budget: started.paging,
      windowMs: started.windows.lengthMs,
      rowsKept: started.windows.rowsKept,
      evaluationMs: started.windows.evaluateEveryMs,
      commitDelayMs: started.windows.commitDelayMs,
      get webhookTargets() {
        return webhookTargets(config.current());
      },
      get lessonsConsidered() {
        return config.current().learning.lessonsConsidered;
      },
    },
  );
  relearn = async (id) => {
    const watch = fleet.watch(id);
    watch.relearn(clock.now(), watch.evidence().changeAtMs);
    await fleet.committed();
  };

  const audit = (kind: string, by: Actor, fields: JsonObject): Promise<void> =>
    store.governance((transaction) => auditBy(transaction, clock.now(), kind, by, fields));
  const investigation: InvestigationPorts = {
    clock,
    hash,
    discover: (url) => discoverAt(url, null),
    chooseGoldenInputs: golden,
    cycle: (model) => prober.cycle(model),
    baselines: store.baselines,
    watchedModelAt: (url) => fleet.statuses().find(({ model }) => model.endpoint?.url === url)?.model.id ?? null,
    lessons: () => fleet.experienceLessons(),
  };
  const application = createApplication(
    {
      store,
      clock,
      events,
      fleet,
      keeper,
      governance,
      proposalFor: (incident, action, why) => requestedProposal(action, why, incident, fleet, config.current()),
      discover: discoverAt,
      chooseGoldenInputs: golden,
      audit,
      verifyAudit: () => verifyAudit((from, limit) => store.audit.read(from, limit)),
      checkpointing,
      investigation,
    },
    {
      schedule: started.probing,
      investigation: {
        experience: { thresholds: started.detection, webhookTargets: webhookTargets(started) },
        timeoutMs: started.investigation.timeoutMs,
        defaultSamples: started.investigation.samples,
      },
    },
  );

  const processMetrics = createProcessMetrics(version);
  const firstKey = await createFirstKey(store.apiKeys, clock);
  let server;
  try {
    server = await startHttpServer(
      {
        application,
        clock,
        logger,
        version,
        parseBatch,
        renderReport: (incident, format) => reportOf(store, incident, format, clock.now()),
        auditExportLine,
        decisionsCsv,
        processMetrics,
        fleetMetrics: async () =>
          renderFleet(fleet.statuses()) +
          renderGovernance(await governanceFigures(store, config.current().governance.killSwitch, clock.now())),
        ready: () =>
          store.check().then(
            () => true,
            () => false,
          ),
        limits: { maximumBodyBytes: started.http.maximumBodyBytes },
        authenticate: createAuthenticator({
          keys: store.apiKeys,
          clock,
          settings: () => config.current().identity,
          verifyToken: createTokenVerifier(createSigningKeys(http, clock), clock),
        }),
        onRequest: (route, method, status, seconds) => processMetrics.request(route, method, status, seconds),
      },
      started.listen,
    );
  } catch (error) {
    await store.close();
    throw error;
  }

  await stopWhenRestored(checkpointing, store, clock, logger);
  await governance.sweep();
  await fleet.start();
  const stopping = new AbortController();
  await enrolConfigured(started, fleet, discoverAt, golden, clock, logger);
  void every(clock, SWEEP_MS, stopping.signal, logger, () => governance.sweep());
  void every(
    clock,
    started.audit.checkpointEveryMs,
    stopping.signal,
    logger,
    async () => void (await checkpointing.make()),
  );
  void every(clock, PRUNE_MS, stopping.signal, logger, async () => {
    const before = clock.now() - started.windows.keepMs;
    await store.windows.prune(before);
    await store.ledger.prune(before);
    await store.batches.prune(before);
  });
  const stopReload = config.onHangUp();
  return {
    application,
    address: server.address,
    storeLocation: started.database.kind === 'sqlite' ? started.database.file : 'PostgreSQL',
    firstKey,
    config,
    async close() {
      stopReload();
      stopping.abort();
      await server.close();
      await fleet.stop();
      await http.close();
      await store.close();
    },
  };
}

/** What a model that never answered is asked meanwhile: that it is down is what is wrong with it. */
const UNANSWERED_PAYLOADS: readonly Json[] = [{ text: 'The service was quick and the staff were friendly.' }];

/**
 * Watches the configured models that are not watched yet: at once, so that their logged predictions are taken, and probed
 * as soon as it is known how.
 * @returns when all are watched; what it resolves to ends when all were asked how they want to be probed
 */
async function enrolConfigured(
  config: Config,
  fleet: Fleet,
  discoverAt: (url: string, secret: string | null) => Promise<Discovery>,
  golden: (payloads: readonly Json[]) => readonly GoldenInput[],
  clock: Clock,
  logger: Logger,
): Promise<{ readonly discovered: Promise<unknown> }> {
  const fresh = config.models.filter(({ id }) => !fleet.has(id));
  for (const registration of fresh)
    await fleet.add(modelOf(registration.id, registration, null, golden, config.probing, clock.now()));
  const discovered = fresh
    .filter(({ url, payloads, connector }) => url !== undefined && (payloads === undefined || connector === undefined))
    .map(async (registration) => {
      try {
        const discovery = await discoverAt(registration.url ?? '', registration.authorizationSecret ?? null);
        if (!fleet.has(registration.id)) return;
        const asked = discovery.kind === 'found' ? registration : { payloads: UNANSWERED_PAYLOADS, ...registration };
        const { state, createdAtMs } = fleet.watch(registration.id).model;
        await fleet.add({ ...modelOf(registration.id, asked, discovery, golden, config.probing, createdAtMs), state });
      } catch (error) {
        logger.error({ model: registration.id, error: String(error) }, 'discovery of a configured model broke off');
      }
    });
  return { discovered: Promise.all(discovered) };
}

async function every(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  logger: Logger,
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await clock.sleep(ms, signal);
    if (signal.aborted) return;
    await work().catch((error: unknown) => logger.error({ error: String(error) }, 'upkeep failed'));
  }
}

async function reportOf(store: Store, incident: Incident, format: ReportFormat, nowMs: number): Promise<string> {
  const [model, baseline, lessons, recommendations] = await Promise.all([
    store.models.get(incident.modelId),
    store.baselines.current(incident.modelId),
    store.lessons.list({ limit: 1_000 }),
    store.governance((transaction) => transaction.recommendations({ incident: incident.id, limit: 100 })),
  ]);
  const until = incident.diagnosis.window.toMs + 1;
  const windows = await store.windows.range(incident.modelId, incident.diagnosis.window.fromMs - 60_000, until);
  return renderReport(format, {
    modelName: model?.name ?? incident.modelId,
    incident,
    diagnosis: incident.diagnosis,
    explanation: incident.explanation,
    recommendations: recommendations
      .filter(({ state }) => state !== 'withdrawn' || incident.closedAtMs !== null)
      .reverse(),
    similar: similarLessons(
      incident.fingerprint,
      incident.openedAtMs,
      lessons.filter(({ incidentId }) => incidentId !== incident.id),
    ),
    baseline,
    window: windows.at(-1)?.profile ?? null,
    generatedAtMs: nowMs,
  });
}

export interface OneLookOptions {
  readonly samples: number;
  readonly timeoutMs: number;
  /** Value of the Authorization header, null for none. */
  readonly authorization: string | null;
  readonly onProgress: (progress: InvestigationProgress) => void;
}

/** `mlfi investigate`: one look without a server, a configuration or a store. The caller named the address, so it may be any. */
export async function investigateOnce(url: string, options: OneLookOptions): Promise<Investigation> {
  const clock = systemClock;
  const egress = createEgress({ allowHosts: [], allowCidrs: ['0.0.0.0/0', '::/0'], allowPorts: [] });
  const http: HttpClient = egress;
  const authorizationOf = (): string | null => options.authorization;
  const secret = options.authorization === null ? null : 'token';
  const logger = createLogger('error');
  const prober = createProber({ http, clock, random: seededRandom(1), logger, authorizationOf });
  try {
    return await investigate(
      {
        clock,
        hash: (text) => createHmac('sha256', 'one look').update(text).digest('base64url').slice(0, 22),
        discover: (address) => discover({ http, timeoutMs: options.timeoutMs, authorizationOf }, address, secret),
        chooseGoldenInputs: (payloads) => chooseGoldenInputs(payloads),
        cycle: (model) => prober.cycle(model),
        baselines: null,
        watchedModelAt: () => null,
        lessons: () => [],
      },
      {
        experience: { thresholds: DEFAULT_THRESHOLDS, webhookTargets: {} },
        timeoutMs: options.timeoutMs,
        defaultSamples: options.samples,
      },
      url,
      options.samples,
      options.onProgress,
    );
  } finally {
    await egress.close();
  }
}

/** The report of an incident (null = the newest) from the store, beside a running service; null when there is none. */
export async function readReport(config: Config, id: IncidentId | null, format: ReportFormat): Promise<string | null> {
  const store = await openStore(storeAt(config), 'read');
  try {
    const incident =
      id === null ? ((await store.incidents.list({ limit: 1 }))[0] ?? null) : await store.incidents.get(id);
    return incident === null ? null : await reportOf(store, incident, format, systemClock.now());
  } finally {
    await store.close();
  }
}

/** Checks the audit log in the store, beside a running service. */
export async function verifyStoredAudit(config: Config, held: HeldTexts): Promise<AuditVerdict> {
  const store = await openStore(storeAt(config), 'read');
  try {
    return await verifyLog(store, held);
  } finally {
    await store.close();
  }
}

/** Writes the whole log as JSON lines, beside a running service. */
export async function exportStoredAudit(config: Config, write: (lines: string) => void): Promise<void> {
  const store = await openStore(storeAt(config), 'read');
  try {
    for (let from = 1; ; from += 1_000) {
      const entries = await store.audit.read(from, 1_000);
      write(entries.map(auditExportLine).join(''));
      if (entries.length < 1_000) return;
    }
  } finally {
    await store.close();
  }
}

export { verifyExportedLog };
