import type { Asking } from './asking.js';
import type { ModelId } from './identifiers.js';
import type { Json } from './json.js';
import type { ConnectorId, ProbeSchedule } from './model.js';

export interface ModelRegistration {
  readonly id?: ModelId;
  readonly name?: string;
  readonly url?: string;
  readonly connector?: ConnectorId;
  readonly payloads?: readonly Json[];
  readonly goldenInputs?: readonly Json[];
  readonly versionLabel?: string;
  readonly owner?: string;
  readonly tags?: readonly string[];
  readonly schedule?: Partial<ProbeSchedule>;
  readonly authorizationSecret?: string;
  readonly asking?: Asking;
}

/** What changes of a watched model; what is absent stays. */
export interface ModelChange {
  readonly name?: string;
  /** Null: it is not asked any more. */
  readonly url?: string | null;
  readonly connector?: ConnectorId;
  readonly payloads?: readonly Json[];
  /** Null: mlfi chooses them. */
  readonly goldenInputs?: readonly Json[] | null;
  readonly versionLabel?: string | null;
  readonly owner?: string | null;
  readonly tags?: readonly string[];
  readonly schedule?: Partial<ProbeSchedule>;
  readonly authorizationSecret?: string | null;
  /** How it is asked from now on, of how it was asked. */
  readonly asking?: (known: Asking | undefined) => Asking | undefined;
}
