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
