/** The composition root: the only file that knows every part. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createAlertIntake } from '../capture/alerts/intake.js';
import { createApplication } from '../application/application.js';
import { verifyGrafanaSignature } from '../capture/alerts/grafana-signature.js';
import { isOwnAlert, parseNotification } from '../capture/alerts/notification.js';
import { auditCheckpoints, stopWhenRestored } from '../governance/audit/files.js';
import { parseBatch } from '../capture/ingest/parse.js';
import { createModelSources } from '../capture/sources/service-discovery.js';
import { discover } from '../capture/probing/discover.js';
import { chooseGoldenInputs } from '../capture/probing/payloads/golden.js';
import { generatePayloads } from '../capture/probing/payloads/generate.js';
import { payloadLike } from '../capture/probing/payloads/mirror.js';
import { withFeatures } from '../capture/probing/payloads/with-features.js';
import { createProber } from '../capture/probing/prober.js';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { reloadableConfig, type ReloadableConfig } from '../config/reload.js';
import type { Application, Discovery } from '../domain/application.js';
import type { ModelId } from '../domain/identifiers.js';
import type { GoldenInput } from '../domain/model.js';
import type { Json, JsonObject } from '../domain/json.js';
import type { Clock, Logger, Store } from '../domain/ports.js';
import { registerModel, type RegistrationPorts } from '../application/register-model.js';
import { requestedProposal } from '../application/requested-proposal.js';
import { decisionsCsv } from '../explanation/report/index.js';
import { runExperiment, type ExperimentPorts } from '../experiments/run-experiment.js';
import { Fleet } from '../monitoring/fleet.js';
import { auditExportLine } from '../governance/audit/export.js';
import { verifyAudit } from '../governance/audit/verify.js';
import { createExecutors } from '../governance/executors/index.js';
import { createGovernance } from '../governance/governance.js';
import { staleProposals } from '../governance/resolved-plan.js';
import { auditBy } from '../governance/transition.js';
import { createFirstKey } from '../http/identity/api-keys.js';
import { createAuthenticator } from '../http/identity/authenticate.js';
import { createTokenVerifier } from '../http/identity/grafana-token.js';
import { createSigningKeys } from '../http/identity/signing-keys.js';
import { createEgress } from '../http/egress.js';
import { provisionApiKeys } from '../http/identity/provisioned-api-keys.js';
import { startHttpServer } from '../http/server.js';
import { createIncidentManager } from '../incidents/incident-manager.js';
import { reportOf } from '../explanation/report/load.js';
import type { InvestigationPorts } from '../evaluation/evaluate-url.js';
import { similarLessons } from '../incident-history/similarity.js';
import { remember } from '../incident-history/remember.js';
import { createModelValidations } from '../validation/run.js';
import { FleetRenderer } from '../metrics/fleet-renderer.js';
import { createProcessMetrics } from '../metrics/process-metrics.js';
import { createStoreMetrics } from '../metrics/store-metrics.js';
import type { RowPiece } from '../rca/row-analysis-worker.js';
import type { RowAnalysis } from '../domain/row-analysis.js';
import { analyseRows, isSmall } from '../rca/row-analysis.js';
import { rowPieces } from '../rca/row-pieces.js';
import { wireIntegrations } from './integrations.js';
import { openStore } from '../store/open-store.js';
import { auditAnchors, auditSettings } from './audit.js';
import { storeAt } from './store-location.js';
import { createAnalysisPool } from '../system/analysis-pool.js';
import { createEventBus } from '../system/event-bus.js';
import { createLogger } from '../system/logger.js';
import { randomIds } from '../system/random-ids.js';
import { seededRandom } from '../system/seeded-random.js';
import { systemClock } from '../system/system-clock.js';
import { Schedules } from '../system/schedules.js';
import { version } from '../system/version.js';
import { SYSTEM, type Actor } from '../domain/actor.js';

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
  const checkpointing = await auditCheckpoints(auditSettings(started), { store, clock, logger, http }, () =>
    auditAnchors(config.current()),
  );
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
  const incidents = createIncidentManager({
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
    new URL('../rca/row-analysis-worker', import.meta.url),
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
      incidents,
      hash,
      analyseRows: (input) => (isSmall(input) ? Promise.resolve(analyseRows(input)) : analysts.run(rowPieces(input))),
      experiment: (subject, evaluation, incident, signal) =>
        runExperiment(experimenting, started.investigation.experiments, subject, evaluation, incident, signal),
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
    const watch = fleet.monitoredModel(id);
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
    lessons: () => fleet.knownLessons(),
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
    subject: (id) => fleet.monitoredModel(id).modelState(),
    flipShare: (id) => fleet.evaluation(id)?.symptoms.golden?.answerFlipShare ?? null,
    audit,
    finished: (validation) => fleet.takeValidation(validation),
  });
  const application = createApplication(
    {
      store,
      clock,
      events,
      fleet,
      incidents,
      governance,
      proposalFor: (incident, action, why) =>
        requestedProposal(action, why, incident, fleet, config.current().governance),
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
          await incidents.recordAlert(id, alert);
          fleet.requestEvaluation(id);
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

  const integrations = wireIntegrations(
    {
      http,
      clock,
      logger,
      events,
      settings: store.settings,
      voters: async (id, verdict) =>
        (await governance.record(id)).votes.filter((vote) => vote.verdict === verdict).map(({ by }) => by.name),
      record: (id, change, by) => application.recordChange(id, change, by),
    },
    () => config.current(),
    fleet,
  );
  const provisioned = started.apiKeys.map(({ key, ...named }) => ({ ...named, text: key.reveal() }));
  await provisionApiKeys(provisioned, store.apiKeys, store.settings, clock);
  const shared = createStoreMetrics({
    clock,
    figures: () => store.decisionCounts(),
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
        renderReport: (incident, format) => reportOf(store, similarLessons, incident, format, clock.now()),
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
    await integrations.stop();
    await store.close();
    throw error;
  }

  await stopWhenRestored(checkpointing, store, clock, logger);
  await governance.sweep();
  await fleet.start();
  const upkeep = new Schedules(clock, logger);
  const enrolment: RegistrationPorts = {
    fleet,
    discover: discoverAt,
    chooseGoldenInputs: golden,
    schedule: started.probing,
    clock,
    logger,
  };
  for (const registration of started.models)
    if (!fleet.has(registration.id)) await registerModel(enrolment, registration);
  const sources = createModelSources(
    {
      readFile: (path) => readFile(path, 'utf8'),
      http,
      clock,
      logger,
      settings: store.settings,
      isWatched: (id) => fleet.has(id),
      enrol: async (model) => void (await registerModel(enrolment, model)),
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
    const stale = await staleProposals(executors, waiting);
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
  integrations.readChanges();
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
      await integrations.stop();
      await http.close();
      await store.close();
    },
  };
}
