import type { Asking } from './asking.js';
import type { JsonObject, Json } from './json.js';
import type { ModelId } from './identifiers.js';

/** Protocols a model can be asked in; one file each in `capture/probing/connectors/`. */
export const CONNECTOR_IDS = [
  'rest',
  'huggingface-inference',
  'huggingface-space',
  'gradio',
  'open-inference',
  'mlflow',
  'torchserve',
  'bentoml',
  'openai',
  'ollama',
  'tensorflow-serving',
  'kserve',
  'vertex',
  'sagemaker',
  'seldon',
  'azure-ml',
  'multipart',
] as const;
export type ConnectorId = (typeof CONNECTOR_IDS)[number];

/** Where and how a model is asked. `settings` is what discovery learned and must be repeated (e.g. the Gradio function). */
export interface Endpoint {
  readonly url: string;
  readonly connector: ConnectorId;
  readonly settings: JsonObject;
  /** Name of a secret in the configuration whose value is sent as `Authorization`; never the secret itself. */
  readonly authorizationSecret: string | null;
  /** What else the server wants to be given; absent for nothing. */
  readonly asking?: Asking;
}

/** One input with a known past: asked every cycle, its answers remembered. */
export interface GoldenInput {
  readonly id: string;
  readonly payload: Json;
  readonly origin: 'user' | 'generated';
}

export interface ProbeSchedule {
  readonly intervalMs: number;
  /** Share of the interval by which a start is moved at random, 0–1. */
  readonly jitterShare: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
  /** Calls per cycle besides the golden inputs. */
  readonly probesPerCycle: number;
  /** Hard limit on calls in any sliding hour, or null for none. */
  readonly callsPerHour: number | null;
}

/** `configuring`: no answer of the model has been read yet, so nothing is known of it but what to give mlfi. */
export const MODEL_STATES = [
  'configuring',
  'learning',
  'healthy',
  'degraded',
  'failing',
  'unreachable',
  'paused',
] as const;
export type ModelState = (typeof MODEL_STATES)[number];

/** A watched model as configured and as last judged. */
export interface Model {
  readonly id: ModelId;
  readonly name: string;
  /** Null for a model that is only known through prediction logs. */
  readonly endpoint: Endpoint | null;
  /** The version in service: what the answers say, or where they say nothing, what was declared. */
  readonly versionLabel: string | null;
  readonly owner: string | null;
  readonly tags: readonly string[];
  readonly goldenInputs: readonly GoldenInput[];
  /** Payloads that worked at discovery; the generator varies these. The prober never sends anything else. */
  readonly probePayloads: readonly Json[];
  /** Nobody said what the model takes, neither a person nor its server: `probePayloads` are what mlfi thought up. */
  readonly arePayloadsGuessed: boolean;
  readonly schedule: ProbeSchedule;
  readonly state: ModelState;
  readonly paused: boolean;
  readonly createdAtMs: number;
}

/** What a rollback goes from and to, as far as the versions are known by name. */
export interface VersionStep {
  readonly from: string | null;
  readonly to: string | null;
}
