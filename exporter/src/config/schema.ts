import { z } from 'zod';
import { askingSettings } from '../domain/asking-schema.js';
import { CONNECTOR_IDS } from '../domain/model.js';
import { API_SCOPES } from '../domain/api-key.js';
import { MAPPED_ROLES } from '../domain/field-mapping.js';
import { DEFAULT_INTAKE_LIMITS as INTAKE } from '../domain/ingest.js';
import { CHANGE_KINDS } from '../domain/symptoms.js';
import { DEFAULT_FALSE_PAGE_BUDGET as BUDGET, SEASONS } from '../domain/alert-evidence.js';
import { DEFAULT_BASELINE_REQUIREMENTS as BASELINE, DEFAULT_THRESHOLDS as LINE } from '../domain/thresholds.js';
import {
  apiKeyText,
  byteSize,
  cidr,
  duration,
  hostPattern,
  httpUrl,
  label,
  listenAddress,
  postgresUrl,
  share,
  slug,
  whole,
} from './fields.js';
import { audit, governance, identity } from './decisions-schema.js';
import { formatDuration } from './duration.js';
import { kafkaSource } from './kafka-schema.js';

const database = z
  .strictObject({
    url: postgresUrl().optional(),
    url_file: label(4_096).optional(),
    pool_size: whole(1, 100).default(10),
  })
  .prefault({});

const listen = z
  .strictObject({
    address: listenAddress().default('127.0.0.1'),
    port: whole(0, 65_535).default(9_899),
  })
  .prefault({});

const egress = z
  .strictObject({
    allow_hosts: z.array(hostPattern()).max(1_000).default([]),
    allow_cidrs: z.array(cidr()).max(1_000).default([]),
    allow_ports: z.array(whole(1, 65_535)).max(1_000).default([]),
    maximum_response: byteSize('1KiB', '64MiB').prefault('1MiB'),
  })
  .prefault({});

const secret = z.strictObject({
  value: label(16_384).optional(),
  value_file: label(4_096).optional(),
});

const apiKey = z.strictObject({
  name: slug(),
  scopes: z.array(z.enum(API_SCOPES)).min(1),
  key: apiKeyText().optional(),
  key_file: label(4_096).optional(),
});

const schedule = {
  interval: duration('100ms', '7d'),
  jitter: share(),
  concurrency: whole(1, 64),
  timeout: duration('10ms', '5m'),
  probes_per_cycle: whole(0, 1_000),
  calls_per_hour: whole(1, 1_000_000).nullable(),
};

const probing = z
  .strictObject({
    interval: schedule.interval.prefault('60s'),
    jitter: schedule.jitter.default(0.1),
    concurrency: schedule.concurrency.default(2),
    timeout: schedule.timeout.prefault('10s'),
    probes_per_cycle: schedule.probes_per_cycle.default(4),
    calls_per_hour: schedule.calls_per_hour.default(null),
    golden_inputs: whole(0, 100).default(5),
  })
  .prefault({});

const investigation = z
  .strictObject({
    samples: whole(5, 1_000).default(60),
    timeout: duration('10ms', '5m').prefault('10s'),
    experiments: z
      .strictObject({
        allow: z.boolean().default(false),
        calls_budget: whole(20, 10_000).default(256),
        calls_per_second: whole(1, 1_000).default(5),
      })
      .prefault({}),
  })
  .prefault({});

const baseline = z
  .strictObject({
    minimum_samples: whole(20, 10_000_000).default(BASELINE.minimumSamples),
    minimum_duration: duration('0s', '52w').prefault(formatDuration(BASELINE.minimumDurationMs)),
    maximum_error_share: share().default(BASELINE.maximumErrorShare),
  })
  .prefault({});

const positive = (): z.ZodNumber => z.number().positive();

const detection = z
  .strictObject({
    minimum_window_samples: whole(5, 1_000_000).default(LINE.minimumWindowSamples),
    window_samples: whole(5, 1_000_000).default(LINE.windowSamples),
    significance: z.number().positive().max(0.1).default(LINE.significance),
    mean_shift: positive().default(LINE.meanShift),
    distance: share().default(LINE.distance),
    population_stability: positive().default(LINE.populationStability),
    variance_ratio: z.number().min(1).default(LINE.varianceRatio),
    low_confidence: share().default(LINE.lowConfidence),
    error_share: share().default(LINE.errorShare),
    critical_error_share: share().default(LINE.criticalErrorShare),
    consecutive_failures: whole(1, 10_000).default(LINE.consecutiveFailures),
    latency_ratio: z.number().min(1).default(LINE.latencyRatio),
    slow_latency: duration('1ms', '1h').prefault(formatDuration(LINE.slowLatencySeconds * 1_000)),
    constant_share: share().default(LINE.constantShare),
    answer_spread: share().default(LINE.answerSpread),
    trend: share().default(LINE.trend),
    missing_share: share().default(LINE.missingShare),
    unseen_share: share().default(LINE.unseenShare),
    accuracy_drop: share().default(LINE.accuracyDrop),
    calibration_error: share().default(LINE.calibrationError),
    golden_changed_share: share().default(LINE.goldenChangedShare),
    silence: duration('1s', '52w').prefault(formatDuration(LINE.silenceMs)),
    anomalous_row_share: share().default(LINE.anomalousRowShare),
  })
  .prefault({});

const tolerance = (): z.ZodNumber => z.number().min(0).max(0.3);

const paging = z
  .strictObject({
    false_page_every: duration('1m', '520w').prefault(formatDuration(BUDGET.meanTimeBetweenMs)),
    owner_false_page_every: duration('1m', '520w').prefault(formatDuration(BUDGET.ownerMeanTimeBetweenMs)),
    false_warning_every: duration('1m', '520w').prefault(formatDuration(BUDGET.warnMeanTimeBetweenMs)),
    tick: duration('1s', '1h').prefault(formatDuration(BUDGET.tickMs)),
    tolerance: tolerance().default(BUDGET.tolerance),
    signal_tolerance: z.record(label(200), tolerance()).default({}),
    season: z.enum(SEASONS).default(BUDGET.season),
  })
  .prefault({});

const windows = z
  .strictObject({
    length: duration('1s', '1d').prefault('5m'),
    evaluate_every: duration('100ms', '1d').prefault('5s'),
    rows_kept: whole(100, 1_000_000).default(5_000),
    rows_memory: byteSize('1MiB', '16GiB').prefault('512MiB'),
    keep: duration('1h', '520w').prefault('30d'),
    commit_delay: duration('1ms', '1s').prefault('50ms'),
  })
  .prefault({});

const learning = z
  .strictObject({
    lessons_considered: whole(1, 100_000).default(1_000),
  })
  .prefault({});

const annotations = z
  .strictObject({
    grafana_url: httpUrl().nullable().default(null),
    token: label(16_384).optional(),
    token_file: label(4_096).optional(),
    post: z.boolean().default(true),
    timeout: duration('100ms', '1m').prefault('5s'),
  })
  .prefault({});

const changeQuery = z.strictObject({
  name: slug(),
  type: z.enum(['info', 'timestamp']),
  kind: z.enum(CHANGE_KINDS),
  expr: label(4_096),
  model_label: label(200).default('model_name'),
  value_label: label(200).optional(),
});

const changeAnnotations = z.strictObject({
  tags: z.array(label(200)).min(1).max(10),
  kind: z.enum(CHANGE_KINDS),
  model_tag: label(200).default('model_name'),
  every_model: z.boolean().default(false),
});

const changes = z
  .strictObject({
    prometheus_url: httpUrl().nullable().default(null),
    authorization_secret: label(64).optional(),
    poll_every: duration('1s', '1h').prefault('30s'),
    look_back: duration('1m', '7d').prefault('1h'),
    step: duration('1s', '1h').prefault('15s'),
    timeout: duration('100ms', '1m').prefault('10s'),
    queries: z.array(changeQuery).max(100).default([]),
    annotations: z.array(changeAnnotations).max(100).default([]),
  })
  .prefault({});

const metrics = z
  .strictObject({
    models: whole(1, 100_000).default(1_000),
    signals_per_model: whole(1, 500).default(20),
    binned_signals: whole(0, 100).default(6),
    series: whole(1_000, 10_000_000).default(400_000),
  })
  .prefault({});

const probeModule = z.strictObject({
  calls: whole(0, 1_000).default(4),
  golden: z.boolean().default(true),
  timeout: duration('10ms', '5m').prefault('10s'),
});

const alerts = z
  .strictObject({
    model_labels: z.array(label(200)).min(1).max(20).default(['model_name', 'model', 'isvc']),
    grafana_secret: label(64).nullable().default(null),
    keep: duration('1h', '520w').prefault('30d'),
  })
  .prefault({});

const discovery = z
  .strictObject({
    files: z.array(label(4_096)).max(100).default([]),
    urls: z.array(httpUrl()).max(100).default([]),
    authorization_secret: label(64).nullable().default(null),
    refresh: duration('1s', '1d').prefault('30s'),
  })
  .prefault({});

/** Files of past rows that mlfi fetches. */
const imports = z
  .strictObject({
    maximum_size: byteSize('1MiB', '1024GiB').prefault('64GiB'),
    maximum_time: duration('1m', '23h').prefault('6h'),
    credentials: z
      .array(z.strictObject({ address: httpUrl(), authorization_secret: label(64) }))
      .max(100)
      .default([]),
  })
  .prefault({});

const logFolder = z.strictObject({ directory: label(4_096), model: slug() });

/** How the senders of one model call things. */
const senders = z.strictObject({
  fields: z.record(label(1_000), z.enum(MAPPED_ROLES)).default({}),
  columns: z.array(label(1_000)).max(10_000).default([]),
});

/** What a batch of logged rows may bring. */
const intake = z
  .strictObject({
    limits: z
      .strictObject({
        rows_per_batch: whole(1, 10_000_000).default(INTAKE.rowsPerBatch),
        features_per_event: whole(1, 10_000).default(INTAKE.featuresPerEvent),
        feature_name_length: whole(20, 100).default(INTAKE.featureNameLength),
        nesting_depth: whole(1, 100).default(INTAKE.nestingDepth),
        array_length: whole(1, 10_000_000).default(INTAKE.arrayLength),
        categories_per_feature: whole(2, 100_000).default(INTAKE.categoriesPerFeature),
        features_per_model: whole(1, 10_000).default(INTAKE.featuresPerModel),
        models: whole(1, 100_000).default(2_000),
      })
      .prefault({}),
    batch_ids_kept: duration('1h', '365d').prefault('7d'),
    queue: z
      .strictObject({
        per_model: byteSize('64KiB', '4GiB').prefault('32MiB'),
        total: byteSize('64KiB', '16GiB').prefault('128MiB'),
      })
      .prefault({}),
    models: z.record(slug(), senders).default({}),
    services: z.record(label(500), slug()).default({}),
    new_models: z.boolean().default(true),
    pairing: z
      .strictObject({
        wait: duration('1s', '1h').prefault('2m'),
        memory: byteSize('64KiB', '4GiB').prefault('32MiB'),
      })
      .prefault({}),
  })
  .prefault({});

const http = z
  .strictObject({
    maximum_body: byteSize('1KiB', '256MiB').prefault('8MiB'),
    request_timeout: duration('1s', '10m').prefault('30s'),
    wrong_credentials_per_minute: whole(1, 1_000_000).default(30),
  })
  .prefault({});

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const logging = z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({});

const model = z.strictObject({
  id: slug(),
  name: label(200).optional(),
  url: httpUrl().optional(),
  connector: z.enum(CONNECTOR_IDS).optional(),
  payloads: z.array(z.json()).max(1_000).optional(),
  golden_inputs: z.array(z.json()).max(100).optional(),
  schedule: z.strictObject(schedule).partial().optional(),
  owner: label(200).optional(),
  tags: z.array(label(100)).max(50).optional(),
  version: label(200).optional(),
  authorization_secret: label(64).optional(),
  ...askingSettings,
});

/** The configuration file as written (snake_case keys; durations and sizes already read into ms and bytes). */
export const settingsSchema = z.strictObject({
  data_dir: label(4_096).default('./mlfi-data'),
  database,
  listen,
  egress,
  secrets: z.record(slug(), secret).default({}),
  api_keys: z.array(apiKey).max(1_000).default([]),
  models: z.array(model).max(10_000).default([]),
  probing,
  investigation,
  baseline,
  detection,
  paging,
  windows,
  governance,
  audit,
  identity,
  learning,
  annotations,
  changes,
  metrics,
  probe_modules: z.record(slug(), probeModule).default({}),
  alerts,
  discovery,
  intake,
  imports,
  log_files: z.array(logFolder).max(1_000).default([]),
  sources: z.strictObject({ kafka: z.array(kafkaSource).max(100).default([]) }).prefault({}),
  http,
  logging,
});

export type Settings = z.output<typeof settingsSchema>;
