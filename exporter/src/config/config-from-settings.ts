import { askingOf } from '../domain/asking-schema.js';
import { resolve } from 'node:path';
import type { AnyActionTarget } from '../domain/action-target.js';
import type { ModelRegistration } from '../domain/model-registration.js';
import { modelId, type ModelId } from '../domain/identifiers.js';
import type { KafkaSource } from '../domain/kafka-source.js';
import type { ProbeSchedule } from '../domain/model.js';
import type { DetectionThresholds } from '../domain/thresholds.js';
import type { Config, DecisionRules, SecretsByKey } from './config.js';
import { targetsFrom } from './executors.js';
import { freezeFrom } from './freeze-notation.js';
import { groupOf } from './kafka-schema.js';
import type { Settings } from './schema.js';

/**
 * Turns checked settings into the configuration of the service.
 * @param directory folder against which `data_dir` is resolved
 */
export function configFrom(settings: Settings, secrets: SecretsByKey, directory: string): Config {
  const dataDirectory = resolve(directory, settings.data_dir);
  const databaseUrl = secrets.get('database.url');
  return {
    dataDirectory,
    database:
      databaseUrl === undefined
        ? { kind: 'sqlite', file: resolve(dataDirectory, 'mlfi.sqlite') }
        : { kind: 'postgresql', url: databaseUrl, poolSize: settings.database.pool_size },
    listen: settings.listen,
    egress: {
      allowHosts: settings.egress.allow_hosts,
      allowCidrs: settings.egress.allow_cidrs,
      allowPorts: settings.egress.allow_ports,
      maximumResponseBytes: settings.egress.maximum_response,
    },
    secrets: new Map(
      [...secrets].flatMap(([key, secret]) =>
        key.startsWith('secrets.') ? [[key.slice('secrets.'.length), secret]] : [],
      ),
    ),
    apiKeys: settings.api_keys.flatMap(({ name, scopes }, index) => {
      const key = secrets.get(`api_keys.${index}.key`);
      return key === undefined ? [] : [{ name, scopes, key }];
    }),
    models: settings.models.map(registrationFrom),
    probing: {
      intervalMs: settings.probing.interval,
      jitterShare: settings.probing.jitter,
      concurrency: settings.probing.concurrency,
      timeoutMs: settings.probing.timeout,
      probesPerCycle: settings.probing.probes_per_cycle,
      callsPerHour: settings.probing.calls_per_hour,
      goldenInputs: settings.probing.golden_inputs,
    },
    investigation: {
      samples: settings.investigation.samples,
      timeoutMs: settings.investigation.timeout,
      experiments: {
        allow: settings.investigation.experiments.allow,
        callsBudget: settings.investigation.experiments.calls_budget,
        callsPerSecond: settings.investigation.experiments.calls_per_second,
      },
    },
    baseline: {
      minimumSamples: settings.baseline.minimum_samples,
      minimumDurationMs: settings.baseline.minimum_duration,
      maximumErrorShare: settings.baseline.maximum_error_share,
    },
    detection: thresholdsFrom(settings.detection),
    paging: {
      meanTimeBetweenMs: settings.paging.false_page_every,
      ownerMeanTimeBetweenMs: settings.paging.owner_false_page_every,
      warnMeanTimeBetweenMs: settings.paging.false_warning_every,
      tickMs: settings.paging.tick,
      tolerance: settings.paging.tolerance,
      signalTolerance: settings.paging.signal_tolerance,
      season: settings.paging.season,
    },
    windows: {
      lengthMs: settings.windows.length,
      evaluateEveryMs: settings.windows.evaluate_every,
      rowsKept: settings.windows.rows_kept,
      rowsMemoryBytes: settings.windows.rows_memory,
      keepMs: settings.windows.keep,
      commitDelayMs: settings.windows.commit_delay,
    },
    governance: {
      killSwitch: settings.governance.kill_switch,
      approvals: settings.governance.approvals,
      ...rulesFrom(settings.governance),
      freezes: settings.governance.freezes.flatMap((written) => {
        const read = freezeFrom(written);
        return read.kind === 'freeze' ? [read.freeze] : [];
      }),
      breakGlass: {
        approvers: {
          users: settings.governance.break_glass.users,
          emails: [],
          roles: settings.governance.break_glass.roles,
        },
        reviewWithinMs: settings.governance.break_glass.review_within,
      },
      verification: {
        settleMs: settings.governance.verification.settle,
        holdMs: settings.governance.verification.hold,
        giveUpMs: settings.governance.verification.give_up,
      },
      targets: [
        ...settings.governance.webhooks.map((webhook): AnyActionTarget => ({
          executor: 'webhook',
          name: webhook.name,
          actions: webhook.actions,
          models: webhook.models ?? null,
          timeoutMs: webhook.timeout,
          authorizationSecret: null,
          settings: { url: webhook.url },
        })),
        ...targetsFrom(settings.governance.executors),
      ],
      signingSecrets: new Map(
        settings.governance.webhooks.flatMap(({ name }, index) => {
          const secret = secrets.get(`governance.webhooks.${index}.signing_secret`);
          return secret === undefined ? [] : [[name, secret]];
        }),
      ),
    },
    audit: {
      name: settings.audit.name,
      signingKeyFile: resolve(dataDirectory, settings.audit.signing_key_file),
      checkpointEveryMs: settings.audit.checkpoint_every,
      webhook: settings.audit.webhook ?? null,
      grafanaToken: secrets.get('audit.grafana_token') ?? null,
    },
    identity: identityFrom(settings.identity, secrets),
    learning: { lessonsConsidered: settings.learning.lessons_considered },
    annotations: {
      grafanaUrl: settings.annotations.grafana_url,
      token: secrets.get('annotations.token') ?? null,
      post: settings.annotations.post,
      timeoutMs: settings.annotations.timeout,
    },
    changes: changesFrom(settings.changes),
    metrics: {
      models: settings.metrics.models,
      signalsPerModel: settings.metrics.signals_per_model,
      binnedSignals: settings.metrics.binned_signals,
      series: settings.metrics.series,
    },
    probeModules: new Map(
      Object.entries(settings.probe_modules).map(([name, { calls, golden, timeout }]) => [
        name,
        { calls, golden, timeoutMs: timeout },
      ]),
    ),
    alerts: {
      modelLabels: settings.alerts.model_labels,
      grafanaSecret: secrets.get(`secrets.${settings.alerts.grafana_secret ?? ''}`) ?? null,
      keepMs: settings.alerts.keep,
    },
    discovery: {
      files: settings.discovery.files.map((file) => resolve(directory, file)),
      urls: settings.discovery.urls,
      authorizationSecret: settings.discovery.authorization_secret,
      refreshMs: settings.discovery.refresh,
    },
    intake: {
      rowsPerBatch: settings.intake.limits.rows_per_batch,
      featuresPerEvent: settings.intake.limits.features_per_event,
      featureNameLength: settings.intake.limits.feature_name_length,
      nestingDepth: settings.intake.limits.nesting_depth,
      arrayLength: settings.intake.limits.array_length,
      categoriesPerFeature: settings.intake.limits.categories_per_feature,
      featuresPerModel: settings.intake.limits.features_per_model,
      batchIdsKeptMs: settings.intake.batch_ids_kept,
      queue: { perModelBytes: settings.intake.queue.per_model, totalBytes: settings.intake.queue.total },
      models: new Map(
        Object.entries(settings.intake.models).map(([id, { fields, columns }]) => [
          id,
          { fields: new Map(Object.entries(fields)), columns },
        ]),
      ),
      services: new Map(Object.entries(settings.intake.services).map(([service, id]) => [service, modelId(id)])),
      newModels: settings.intake.new_models,
      mostModels: settings.intake.limits.models,
      pairing: { waitMs: settings.intake.pairing.wait, memoryBytes: settings.intake.pairing.memory },
    },
    imports: {
      mostBytes: settings.imports.maximum_size,
      mostMs: settings.imports.maximum_time,
      credentials: settings.imports.credentials.map(({ address, authorization_secret }) => ({
        address,
        authorizationSecret: authorization_secret,
      })),
    },
    logFiles: settings.log_files.map((folder) => ({
      directory: resolve(directory, folder.directory),
      model: modelId(folder.model),
    })),
    sources: { kafka: settings.sources.kafka.map((source) => kafkaFrom(source, directory)) },
    http: {
      maximumBodyBytes: settings.http.maximum_body,
      requestTimeoutMs: settings.http.request_timeout,
      wrongCredentialsPerMinute: settings.http.wrong_credentials_per_minute,
    },
    logging: settings.logging,
  };
}

function kafkaFrom(source: Settings['sources']['kafka'][number], directory: string): KafkaSource {
  const { tls, sasl } = source;
  const fileAt = (file: string | undefined): string | null => (file === undefined ? null : resolve(directory, file));
  return {
    name: source.name,
    brokers: source.brokers,
    topics: source.topics,
    group: groupOf(source),
    format: source.format === 'cloudevents' ? 'cloudevents' : 'rows',
    model: source.model === undefined ? null : modelId(source.model),
    start: source.start,
    sessionTimeoutMs: source.session_timeout,
    tls:
      tls === undefined
        ? null
        : {
            caFile: fileAt(tls.ca_file),
            certFile: fileAt(tls.cert_file),
            keyFile: fileAt(tls.key_file),
            insecureSkipVerify: tls.insecure_skip_verify,
          },
    sasl:
      sasl === undefined
        ? null
        : { mechanism: sasl.mechanism, username: sasl.username, passwordSecret: sasl.password_secret },
  };
}

function rulesFrom(governance: Settings['governance']): Pick<Config['governance'], 'otherwise' | 'classes'> {
  const otherwise: DecisionRules = {
    approvers: governance.approvers,
    proposerMayVote: governance.proposer_may_vote,
    expireAfterMs: governance.expire_after,
    startWithinMs: governance.start_within,
    breakGlass: governance.break_glass.enabled,
  };
  const classes = governance.policies.map((written) => ({
    actions: written.actions,
    rules: {
      approvers: written.approvers ?? otherwise.approvers,
      proposerMayVote: written.proposer_may_vote ?? otherwise.proposerMayVote,
      expireAfterMs: written.expire_after ?? otherwise.expireAfterMs,
      startWithinMs: written.start_within ?? otherwise.startWithinMs,
      breakGlass: (written.break_glass ?? true) && otherwise.breakGlass,
    },
  }));
  return { otherwise, classes };
}

function identityFrom(settings: Settings['identity'], secrets: SecretsByKey): Config['identity'] {
  const { url, keys_url, organisation } = settings.grafana;
  const sharedSecret = secrets.get('identity.grafana.shared_secret');
  const issuer = url === undefined || url.endsWith('/') ? url : `${url}/`;
  return {
    grafana:
      issuer === undefined || sharedSecret === undefined
        ? null
        : { issuer, keysUrl: keys_url ?? `${issuer}api/signing-keys/keys`, organisation, sharedSecret },
    localPeople: settings.local_people.flatMap(({ login, name, role }, index) => {
      const token = secrets.get(`identity.local_people.${index}.token`);
      return token === undefined ? [] : [{ login, name, role, token }];
    }),
  };
}

function thresholdsFrom(lines: Settings['detection']): DetectionThresholds {
  return {
    minimumWindowSamples: lines.minimum_window_samples,
    windowSamples: lines.window_samples,
    significance: lines.significance,
    meanShift: lines.mean_shift,
    distance: lines.distance,
    populationStability: lines.population_stability,
    varianceRatio: lines.variance_ratio,
    lowConfidence: lines.low_confidence,
    errorShare: lines.error_share,
    criticalErrorShare: lines.critical_error_share,
    consecutiveFailures: lines.consecutive_failures,
    latencyRatio: lines.latency_ratio,
    slowLatencySeconds: lines.slow_latency / 1_000,
    constantShare: lines.constant_share,
    answerSpread: lines.answer_spread,
    trend: lines.trend,
    missingShare: lines.missing_share,
    unseenShare: lines.unseen_share,
    accuracyDrop: lines.accuracy_drop,
    calibrationError: lines.calibration_error,
    goldenChangedShare: lines.golden_changed_share,
    silenceMs: lines.silence,
    anomalousRowShare: lines.anomalous_row_share,
  };
}

function changesFrom(changes: Settings['changes']): Config['changes'] {
  return {
    prometheusUrl: changes.prometheus_url,
    authorizationSecret: changes.authorization_secret ?? null,
    pollEveryMs: changes.poll_every,
    lookBackMs: changes.look_back,
    stepMs: changes.step,
    timeoutMs: changes.timeout,
    queries: changes.queries.map(({ name, type, kind, expr, model_label, value_label }) => ({
      name,
      type,
      kind,
      expr,
      modelLabel: model_label,
      valueLabel: value_label ?? null,
    })),
    annotations: changes.annotations.map(({ tags, kind, model_tag, every_model }) => ({
      tags,
      kind,
      modelTag: model_tag,
      everyModel: every_model,
    })),
  };
}

function registrationFrom(model: Settings['models'][number]): ModelRegistration & { readonly id: ModelId } {
  const asking = askingOf(model);
  return {
    id: modelId(model.id),
    ...(model.name === undefined ? {} : { name: model.name }),
    ...(model.url === undefined ? {} : { url: model.url }),
    ...(model.connector === undefined ? {} : { connector: model.connector }),
    ...(model.payloads === undefined ? {} : { payloads: model.payloads }),
    ...(model.golden_inputs === undefined ? {} : { goldenInputs: model.golden_inputs }),
    ...(model.schedule === undefined ? {} : { schedule: scheduleFrom(model.schedule) }),
    ...(model.owner === undefined ? {} : { owner: model.owner }),
    ...(model.tags === undefined ? {} : { tags: model.tags }),
    ...(model.version === undefined ? {} : { versionLabel: model.version }),
    ...(model.authorization_secret === undefined ? {} : { authorizationSecret: model.authorization_secret }),
    ...(asking === undefined ? {} : { asking }),
  };
}

function scheduleFrom(schedule: NonNullable<Settings['models'][number]['schedule']>): Partial<ProbeSchedule> {
  return {
    ...(schedule.interval === undefined ? {} : { intervalMs: schedule.interval }),
    ...(schedule.jitter === undefined ? {} : { jitterShare: schedule.jitter }),
    ...(schedule.concurrency === undefined ? {} : { concurrency: schedule.concurrency }),
    ...(schedule.timeout === undefined ? {} : { timeoutMs: schedule.timeout }),
    ...(schedule.probes_per_cycle === undefined ? {} : { probesPerCycle: schedule.probes_per_cycle }),
    ...(schedule.calls_per_hour === undefined ? {} : { callsPerHour: schedule.calls_per_hour }),
  };
}
