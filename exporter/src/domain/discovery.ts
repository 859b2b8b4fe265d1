import type { Asking } from './asking.js';
import type { Json } from './json.js';
import type { ConnectorId, Endpoint } from './model.js';
import type { ModelAnswer } from './observation.js';

/** What is known of a model before it was asked. */
export interface DiscoveryTarget {
  readonly url: string;
  readonly authorizationSecret: string | null;
  readonly asking?: Asking;
  /** The protocol, where it is known. */
  readonly connector?: ConnectorId;
  /** Payloads the model is said to take: asked before anything else. */
  readonly payloads?: readonly Json[];
  /** How long each call may take; as configured for all models where it is not said. */
  readonly timeoutMs?: number;
}

/** One try of discovery, for the reader who wants to know what was asked. */
export interface DiscoveryAttempt {
  readonly connector: ConnectorId;
  readonly url: string;
  /** e.g. "OpenAPI document", "{text}" */
  readonly what: string;
  readonly outcome: string;
}

export type Discovery =
  | {
      readonly kind: 'found';
      readonly endpoint: Endpoint;
      readonly payloads: readonly Json[];
      /** Nobody said what the model takes: the payloads are what mlfi thought up, and the model may not have understood them. */
      readonly isGuess: boolean;
      readonly answer: Extract<ModelAnswer, { kind: 'answer' }>;
      readonly attempts: readonly DiscoveryAttempt[];
    }
  | {
      readonly kind: 'not-found';
      /** The most telling failure: what a person should read first. */
      readonly failure: Extract<ModelAnswer, { kind: 'failure' }>['failure'];
      /** What its own server says is sent to this address, where it left that without an answer. */
      readonly described?: { readonly endpoint: Endpoint; readonly payloads: readonly Json[] };
      readonly attempts: readonly DiscoveryAttempt[];
    };
