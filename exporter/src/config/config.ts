import type { IntakeQueueLimits } from '../domain/intake-queue.js';
import type { FieldMapping } from '../domain/field-mapping.js';
import type { IntakeLimits } from '../domain/ingest.js';
import type { AnyActionTarget } from '../domain/action-target.js';
import type { ModelRegistration } from '../domain/model-registration.js';
import type { Approvers, Freeze } from '../domain/decision-policy.js';
import type { ChangeEvent } from '../domain/symptoms.js';
import type { ModelId } from '../domain/identifiers.js';
import type { ApiScope } from '../domain/api-key.js';
import type { FalsePageBudget } from '../domain/alert-evidence.js';
import type { KafkaSource } from '../domain/kafka-source.js';
import type { ProbeSchedule } from '../domain/model.js';
import type { VerificationTimes } from '../domain/recommendation.js';
import type { BaselineRequirements, DetectionThresholds } from '../domain/thresholds.js';
import type { EXECUTABLE_ACTIONS } from '../domain/recommendation.js';
import type { LOG_LEVELS } from './schema.js';
import type { Secret } from './secret.js';
import type { OrgRole } from '../domain/actor.js';

export type ExecutableAction = (typeof EXECUTABLE_ACTIONS)[number];

/** A PromQL query whose answers tell of changes; see integrations/prometheus/change-queries.ts. */
export interface ChangeQuerySettings {
  readonly name: string;
  readonly type: 'info' | 'timestamp';
  readonly kind: ChangeEvent['kind'];
  readonly expr: string;
  readonly modelLabel: string;
  readonly valueLabel: string | null;
}

/** One way of asking a model at `/probe`. */
export interface ProbeModule {
  /** Calls besides the golden inputs. */
  readonly calls: number;
  /** Whether the golden inputs are asked. */
  readonly golden: boolean;
  readonly timeoutMs: number;
}

/** Rules of the decisions about a class of actions. */
export interface DecisionRules {
  readonly approvers: Approvers;
  readonly proposerMayVote: boolean;
  readonly expireAfterMs: number;
  readonly startWithinMs: number;
  readonly breakGlass: boolean;
}

/** The Grafana whose users may decide. */
export interface GrafanaSettings {
  /** Issuer of its ID tokens: its root URL, with a slash at the end. */
  readonly issuer: string;
  readonly keysUrl: string;
  readonly organisation: number;
  readonly sharedSecret: Secret;
}

/** A person the operator vouches for, with a token of their own. */
export interface LocalPerson {
  readonly login: string;
  readonly name: string;
  readonly role: OrgRole;
  readonly token: Secret;
}

/** The configuration of one running service: complete, checked, in the domain's units. */
export interface Config {
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly database:
    | { readonly kind: 'sqlite'; readonly file: string }
    | { readonly kind: 'postgresql'; readonly url: Secret; readonly poolSize: number };
  readonly listen: { readonly address: string; readonly port: number };
  readonly egress: {
    readonly allowHosts: readonly string[];
    readonly allowCidrs: readonly string[];
    readonly allowPorts: readonly number[];
    readonly maximumResponseBytes: number;
  };
  /** Name → value; models name the one sent as their `Authorization` header. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Keys that are known from the start, besides those made through the API. */
  readonly apiKeys: readonly { readonly name: string; readonly scopes: readonly ApiScope[]; readonly key: Secret }[];
  readonly models: readonly (ModelRegistration & { readonly id: ModelId })[];
  readonly probing: ProbeSchedule & { readonly goldenInputs: number };
  readonly investigation: {
    readonly samples: number;
    readonly timeoutMs: number;
    /** What the investigator may ask of live models during an incident. */
    readonly experiments: { readonly allow: boolean; readonly callsBudget: number; readonly callsPerSecond: number };
  };
  readonly baseline: BaselineRequirements;
  readonly detection: DetectionThresholds;
  readonly paging: FalsePageBudget;
  readonly windows: {
    readonly lengthMs: number;
    readonly evaluateEveryMs: number;
    readonly rowsKept: number;
    readonly rowsMemoryBytes: number;
    readonly keepMs: number;
    readonly commitDelayMs: number;
  };
  readonly governance: {
    readonly killSwitch: boolean;
    readonly approvals: Readonly<Record<ExecutableAction, number>>;
    readonly otherwise: DecisionRules;
    readonly classes: readonly { readonly actions: readonly ExecutableAction[]; readonly rules: DecisionRules }[];
    readonly freezes: readonly Freeze[];
    readonly breakGlass: { readonly approvers: Approvers; readonly reviewWithinMs: number };
    readonly verification: VerificationTimes;
    /** Where approved actions are sent, webhooks first. */
    readonly targets: readonly AnyActionTarget[];
    /** Name of a webhook → key its bodies are signed with. */
    readonly signingSecrets: ReadonlyMap<string, Secret>;
  };
  readonly audit: {
    /** Name under which checkpoints are signed. */
    readonly name: string;
    /** Absolute path. */
    readonly signingKeyFile: string;
    readonly checkpointEveryMs: number;
    readonly webhook: string | null;
    /** Token with which checkpoints become annotations in `identity.grafana`. */
    readonly grafanaToken: Secret | null;
  };
  readonly identity: {
    /** Null = no one signs in through Grafana. */
    readonly grafana: GrafanaSettings | null;
    readonly localPeople: readonly LocalPerson[];
  };
  readonly learning: { readonly lessonsConsidered: number };
  /** The Grafana that annotations are posted to and read from. */
  readonly annotations: {
    readonly grafanaUrl: string | null;
    readonly token: Secret | null;
    readonly post: boolean;
    readonly timeoutMs: number;
  };
  readonly changes: {
    readonly prometheusUrl: string | null;
    /** Name of the secret sent as `Authorization`. */
    readonly authorizationSecret: string | null;
    readonly pollEveryMs: number;
    readonly lookBackMs: number;
    readonly stepMs: number;
    readonly timeoutMs: number;
    readonly queries: readonly ChangeQuerySettings[];
    readonly annotations: readonly {
      readonly tags: readonly string[];
      readonly kind: ChangeEvent['kind'];
      readonly modelTag: string;
      readonly everyModel: boolean;
    }[];
  };
  readonly metrics: {
    readonly models: number;
    readonly signalsPerModel: number;
    readonly binnedSignals: number;
    readonly series: number;
  };
  readonly probeModules: ReadonlyMap<string, ProbeModule>;
  readonly alerts: {
    readonly modelLabels: readonly string[];
    /** Key of the HMAC-SHA256 signature Grafana must send; null where the bearer token is enough. */
    readonly grafanaSecret: Secret | null;
    readonly keepMs: number;
  };
  readonly discovery: {
    /** Absolute paths. */
    readonly files: readonly string[];
    readonly urls: readonly string[];
    readonly authorizationSecret: string | null;
    readonly refreshMs: number;
  };
  /** What a batch of logged rows may bring; `http.maximumBodyBytes` is the limit of its bytes. */
  readonly intake: IntakeLimits & {
    /** How long a batch that is sent again is known. */
    readonly batchIdsKeptMs: number;
    readonly queue: IntakeQueueLimits;
    /** How the senders of a model call things, by its id. */
    readonly models: ReadonlyMap<string, FieldMapping>;
    /** Name of a service, alone or after its namespace and a slash → model its logs belong to. */
    readonly services: ReadonlyMap<string, ModelId>;
    /** Whether rows of an unknown service or model make a new model. */
    readonly newModels: boolean;
    /** While so many models are watched, rows make no further one. */
    readonly mostModels: number;
    /** How requests and responses that come apart are put together. */
    readonly pairing: { readonly waitMs: number; readonly memoryBytes: number };
  };
  /** Files of past rows that mlfi fetches. */
  readonly imports: {
    /** Of each, as sent and unpacked. */
    readonly mostBytes: number;
    /** Of all of one import. */
    readonly mostMs: number;
    /** Which secret is sent to addresses below one. */
    readonly credentials: readonly { readonly address: string; readonly authorizationSecret: string }[];
  };
  /** Folders of log files; absolute paths. */
  readonly logFiles: readonly { readonly directory: string; readonly model: ModelId }[];
  readonly sources: { readonly kafka: readonly KafkaSource[] };
  readonly http: {
    readonly maximumBodyBytes: number;
    readonly requestTimeoutMs: number;
    /** Wrong credentials one address may send. */
    readonly wrongCredentialsPerMinute: number;
  };
  readonly logging: { readonly level: (typeof LOG_LEVELS)[number] };
}

/** Secret texts by dotted key, e.g. `database.url`, `secrets.hf-token`, `governance.webhooks.0.signing_secret`. */
export type SecretsByKey = ReadonlyMap<string, Secret>;
