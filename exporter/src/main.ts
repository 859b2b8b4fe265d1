/** The composition root: the only file that knows every part. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createAlertIntake } from './alert-intake.js';
import { createApplication } from './application.js';
import { verifyGrafanaSignature } from './capture/alerts/grafana-signature.js';
import { isOwnAlert, parseNotification } from './capture/alerts/notification.js';
import { auditCheckpoints, stopWhenRestored, verifyExportedLog, verifyLog, type HeldTexts } from './audit-log.js';
import { parseBatch } from './capture/ingest/parse.js';
import { createModelSources } from './capture/model-sources/model-sources.js';
import { discover } from './capture/probing/discover.js';
import { chooseGoldenInputs } from './capture/probing/payloads/golden.js';
import { generatePayloads } from './capture/probing/payloads/generate.js';
import { payloadLike } from './capture/probing/payloads/mirror.js';
import { withFeatures } from './capture/probing/payloads/with-features.js';
import { createProber } from './capture/probing/prober.js';
import type { Config } from './config/config.js';
import { loadConfig } from './config/load.js';
import { reloadableConfig, type ReloadableConfig } from './config/reload.js';
import type { Application, Discovery } from './domain/application.js';
import type { AuditVerdict } from './domain/audit.js';
import { SYSTEM, type Actor } from './domain/decision.js';
import type { IncidentId, ModelId } from './domain/identifiers.js';
import type { GoldenInput } from './domain/model.js';
import type { Json, JsonObject } from './domain/json.js';
import type { Clock, Logger, Store } from './domain/ports.js';
import { enrol, type EnrolmentPorts } from './enrolment.js';
import { requestedProposal } from './requested-proposal.js';
import { decisionsCsv, type ReportFormat } from './explanation/report/index.js';
import { runExperiment, type ExperimentPorts } from './experiments.js';
import { Fleet } from './fleet.js';
import { auditExportLine } from './governance/audit/export.js';
import { verifyAudit } from './governance/audit/verify.js';
import { createExecutors } from './governance/executors/index.js';
import { createGovernance } from './governance/governance.js';
import { outdated } from './governance/pinned.js';
import { auditBy } from './governance/transition.js';
import { createFirstKey } from './http/identity/api-keys.js';
import { createAuthenticator } from './http/identity/authenticate.js';
import { createTokenVerifier } from './http/identity/grafana-token.js';
import { createSigningKeys } from './http/identity/signing-keys.js';
import { createEgress } from './http/egress.js';
import { provisionApiKeys } from './http/identity/provisioned-api-keys.js';
import { startHttpServer } from './http/server.js';
import { createIncidentKeeper } from './incident-keeper.js';
import { reportOf } from './incident-report.js';
import type { InvestigationPorts } from './investigation.js';
import { remember } from './learning/remember.js';
import { createModelValidations } from './model-validation.js';
import { FleetRenderer } from './metrics/fleet-renderer.js';
import { createProcessMetrics } from './metrics/process-metrics.js';
import { createSharedFacts } from './metrics/shared-facts.js';
import type { RowPiece } from './rca/row-analysis-worker.js';
import { analyseRows, isSmall, type RowAnalysis } from './rca/row-analysis.js';
import { rowPieces } from './rca/row-pieces.js';
import { startNeighbours } from './neighbours.js';
import { openStore, type StoreLocation } from './store/open-store.js';
import { createAnalysisPool } from './system/analysis-pool.js';
import { createEventBus } from './system/event-bus.js';
import { createLogger } from './system/logger.js';
import { randomIds } from './system/random-ids.js';
import { seededRandom } from './system/seeded-random.js';
import { systemClock } from './system/system-clock.js';
import { Upkeep } from './system/upkeep.js';
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
/** How often it is looked whether the targets of pending plans are still as the plans say. */
const PLANS_CHECKED_MS = 60_000;
const PRUNE_MS = 3_600_000;
const FIGURES_MS = 2_000;
const STORE_CHECK_MS = 15_000;
const AUDIT_VERIFIED_EVERY_MS = 600_000;
const DEFAULT_PROBE_MS = 30_000;
const SALT = 'salt';

const storeAt = (config: Config): StoreLocation =>
  config.database.kind === 'sqlite'
    ? config.database
    : { kind: 'postgresql', url: config.database.url.reveal(), poolSize: config.database.poolSize };

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

/**
 * Starts everything: store, watches, governance, HTTP.
 * @throws Error with the remedy when the store cannot be opened or the address cannot be listened on
 */
export async function startService(started: Config, options: ServiceOptions = {}): Promise<Service> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger(started.logging.level);
  const processMetrics = createProcessMetrics(version);
  const config = reloadableConfig(
    started,
    options.configurationFile ?? null,
    process.env,
    logger,
    () => undefined,
    (file, environment) => {
      const loaded = loadConfig(file, environment);
      processMetrics.reloaded(loaded.kind === 'ok');
      return loaded;
    },
  );
  const store = await openStore(storeAt(started));
  const hash = await saltedHash(store);
  const events = createEventBus(logger);
  const http = createEgress(started.egress);
  const checkpointing = await auditCheckpoints(started, { store, clock, logger, http }, () => config.current());
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
      targets: () => config.current().governance.targets,
      secret: authorizationOf,
      signingSecret: (name) => config.current().governance.signingSecrets.get(name)?.reveal() ?? null,
      secrets: () => {
        const { secrets, governance: rules, database, identity, audit: log } = config.current();
        const all = [
          ...secrets.values(),
          ...rules.signingSecrets.values(),
          ...(identity.grafana === null ? [] : [identity.grafana.sharedSecret]),
          ...identity.localPeople.map(({ token }) => token),
          ...(log.grafanaToken === null ? [] : [log.grafanaToken]),
        ];
        return (database.kind === 'sqlite' ? all : [...all, database.url]).map((secret) => secret.reveal());
      },
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
    alerts: store.alerts,
    governance,
    events,
    clock,
    ids: randomIds,
    remember: (incident, records) => remember(incident, records, randomIds),
  });
  const audit = (kind: string, by: Actor, fields: JsonObject): Promise<void> =>
    store.governance((transaction) => auditBy(transaction, clock.now(), kind, by, fields));
  const analysts = createAnalysisPool<RowPiece, RowAnalysis>(
    new URL('rca/row-analysis-worker', import.meta.url),
    import.meta.url,
  );
  const experimenting: ExperimentPorts = {
    clock,
    random: () => seededRandom(clock.now() % 2 ** 31),
    ask: (model, payload) => prober.ask(model, payload),
    payloadFor: (model, features) => {
      const [example] = model.probePayloads;
      return example === undefined ? null : withFeatures(example, features);
    },
    audit: (kind, fields) => audit(kind, SYSTEM, fields),
  };
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
      analyseRows: (input) => (isSmall(input) ? Promise.resolve(analyseRows(input)) : analysts.run(rowPieces(input))),
      experiment: (subject, judgement, incident, signal) =>
        runExperiment(experimenting, started.investigation.experiments, subject, judgement, incident, signal),
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
      binnedSignals: started.metrics.binnedSignals,
      evaluationMs: started.windows.evaluateEveryMs,
      commitDelayMs: started.windows.commitDelayMs,
      get targets() {
        return config.current().governance.targets;
      },
      get verification() {
        return config.current().governance.verification;
      },
      experiments: started.investigation.experiments,
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
  const validations = createModelValidations({
    clock,
    ids: randomIds,
    logger,
    validations: store.validations,
    hash,
    discover: discoverAt,
    ask: (model, payloads) => prober.askEach(model, payloads),
    payloadLike,
    generate: (examples, count) =>
      generatePayloads(examples, count, seededRandom(clock.now() % 2 ** 31)).map(({ payload }) => payload),
    subject: (id) => fleet.watch(id).subject(),
    flipShare: (id) => fleet.judgement(id)?.evidence.golden?.answerFlipShare ?? null,
    audit,
    finished: (validation) => fleet.takeValidation(validation),
  });
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
      validations,
      onIngest: ({ accepted, rejected, duplicate }) => {
        if (!duplicate) processMetrics.ingested(accepted, rejected);
      },
      receiveAlerts: createAlertIntake({
        alerts: store.alerts,
        clock,
        logger,
        isWatched: (id) => fleet.has(id),
        modelLabels: () => config.current().alerts.modelLabels,
        isOwn: isOwnAlert,
        async investigate(id, alert) {
          await keeper.alerted(id, alert);
          fleet.lookSoon(id);
        },
        count: (sender, outcomes) => processMetrics.notified(sender, outcomes),
      }),
    },
    {
      schedule: started.probing,
      criticalErrorShare: () => config.current().detection.criticalErrorShare,
      investigation: {
        experience: { thresholds: started.detection, ...started.governance },
        timeoutMs: started.investigation.timeoutMs,
        defaultSamples: started.investigation.samples,
      },
    },
  );

  const neighbours = startNeighbours({
    http,
    clock,
    logger,
    events,
    settings: store.settings,
    config: () => config.current(),
    fleet,
    voters: async (id, verdict) =>
      (await governance.record(id)).votes.filter((vote) => vote.verdict === verdict).map(({ by }) => by.name),
    record: (id, change, by) => application.recordChange(id, change, by),
  });
  const provisioned = started.apiKeys.map(({ key, ...named }) => ({ ...named, text: key.reveal() }));
  await provisionApiKeys(provisioned, store.apiKeys, store.settings, clock);
  const shared = createSharedFacts({
    clock,
    figures: () => store.figures(),
    verifyAudit: () => application.verifyAudit(),
  });
  const renderer = new FleetRenderer(
    {
      ids: () => fleet.ids(),
      revision: (id) => fleet.revision(id),
      status: (id) => fleet.status(id),
      shared: shared.current,
    },
    () => {
      const { models, signalsPerModel, series } = started.metrics;
      return { models, signals: signalsPerModel, series };
    },
  );
  const storeUp = async (): Promise<boolean> => {
    const up = await store.check().then(
      () => true,
      () => false,
    );
    processMetrics.storeUp(up);
    return up;
  };
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
        async fleetMetrics(format) {
          const startedAt = performance.now();
          const render = await renderer.render(format);
          processMetrics.rendered(render, (performance.now() - startedAt) / 1_000);
          return render.text;
        },
        probeModule(name) {
          if (name === 'default') return { calls: null, golden: true, timeoutMs: DEFAULT_PROBE_MS };
          return config.current().probeModules.get(name) ?? null;
        },
        receiveAlerts: {
          parse: parseNotification,
          verifyGrafana(body, signature, timestamp, nowMs) {
            const secret = config.current().alerts.grafanaSecret;
            return secret === null
              ? 'valid'
              : verifyGrafanaSignature(secret.reveal(), body, signature, timestamp, nowMs);
          },
        },
        ready: storeUp,
        reload: () => config.reload(),
        limits: { maximumBodyBytes: started.http.maximumBodyBytes },
        authenticate: createAuthenticator({
          keys: store.apiKeys,
          clock,
          settings: () => config.current().identity,
          verifyToken: createTokenVerifier(createSigningKeys(http, clock), clock),
        }),
        onRefusedCredential: (reason) => processMetrics.refusedCredential(reason),
        onRequest: (route, method, status, seconds) => processMetrics.request(route, method, status, seconds),
      },
      started.listen,
    );
  } catch (error) {
    await neighbours.stop();
    await store.close();
    throw error;
  }

  await stopWhenRestored(checkpointing, store, clock, logger);
  await governance.sweep();
  await fleet.start();
  const upkeep = new Upkeep(clock, logger);
  const enrolment: EnrolmentPorts = {
    fleet,
    discover: discoverAt,
    chooseGoldenInputs: golden,
    schedule: started.probing,
    clock,
    logger,
  };
  for (const registration of started.models) if (!fleet.has(registration.id)) await enrol(enrolment, registration);
  const sources = createModelSources(
    {
      readFile: (path) => readFile(path, 'utf8'),
      http,
      clock,
      logger,
      settings: store.settings,
      isWatched: (id) => fleet.has(id),
      enrol: async (model) => void (await enrol(enrolment, model)),
      release: (id) => fleet.release(id),
      count: (source, models, atMs) => processMetrics.discovered(source, models, atMs),
    },
    {
      files: started.discovery.files,
      urls: started.discovery.urls,
      authorization:
        started.discovery.authorizationSecret === null ? null : authorizationOf(started.discovery.authorizationSecret),
      timeoutMs: started.probing.timeoutMs,
    },
  );
  if (started.discovery.files.length + started.discovery.urls.length > 0) {
    await sources.refresh();
    upkeep.every(started.discovery.refreshMs, () => sources.refresh());
  }
  upkeep.every(SWEEP_MS, () => governance.sweep());
  await shared.refresh();
  void shared
    .verify()
    .catch((error: unknown) => logger.error({ error: String(error) }, 'the audit log cannot be verified'));
  upkeep.every(FIGURES_MS, () => shared.refresh());
  upkeep.every(AUDIT_VERIFIED_EVERY_MS, () => shared.verify());
  upkeep.every(STORE_CHECK_MS, storeUp);
  upkeep.every(PLANS_CHECKED_MS, async () => {
    const waiting = await store.governance((transaction) =>
      transaction.recommendations({ states: ['pending'], limit: 1_000 }),
    );
    const stale = await outdated(executors, waiting);
    for (const id of new Set(stale.map(({ modelId }) => modelId))) await fleet.proposeAgain(id);
  });
  upkeep.every(started.audit.checkpointEveryMs, async () => void (await checkpointing.make()));
  upkeep.every(PRUNE_MS, async () => {
    const before = clock.now() - started.windows.keepMs;
    await store.windows.prune(before);
    await store.ledger.prune(before);
    await store.batches.prune(before);
    await store.alerts.prune(clock.now() - config.current().alerts.keepMs);
  });
  neighbours.readChanges();
  const stopReload = config.onHangUp();
  return {
    application,
    address: server.address,
    storeLocation: started.database.kind === 'sqlite' ? started.database.file : 'PostgreSQL',
    firstKey,
    config,
    async close() {
      stopReload();
      await server.close();
      await upkeep.stop();
      await fleet.stop();
      await analysts.close();
      await validations.stop();
      await neighbours.stop();
      await http.close();
      await store.close();
    },
  };
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
