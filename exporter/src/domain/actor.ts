export const ORG_ROLES = ['None', 'Viewer', 'Editor', 'Admin'] as const;

/** Role in the Grafana organisation; local people are given one in the configuration. */
export type OrgRole = (typeof ORG_ROLES)[number];

/** A human whose identity was proven for this request. */
export interface Person {
  /** Who says so: a Grafana ID token, or the operator's list of local people. */
  readonly issuer: 'grafana' | 'local';
  /** Stable within the issuer: `user:12` in Grafana, the login of a local person. */
  readonly id: string;
  /** Grafana's user UID; null for local people. */
  readonly uid: string | null;
  readonly login: string;
  /** Only an address Grafana calls verified. */
  readonly email: string | null;
  readonly role: OrgRole;
  /** How the person signed in to Grafana, when the token says so. */
  readonly authenticatedBy: string | null;
  /** Key that signed the token and SHA-256 (hex) of the token, for the audit; null for local people. */
  readonly keyId: string | null;
  readonly tokenHash: string | null;
}

/** Who did something. Only a `user` with a proven `person` may vote. */
export interface Actor {
  readonly kind: 'user' | 'api-key' | 'system';
  /** Stable subject, e.g. `key:3f2a…`, `grafana:user:12` or `local:ada`. */
  readonly subject: string;
  readonly name: string;
  readonly person?: Person;
}

export const SYSTEM: Actor = { kind: 'system', subject: 'system', name: 'mlfi' };
