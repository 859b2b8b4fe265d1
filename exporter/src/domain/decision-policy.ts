import type { OrgRole } from './actor.js';

/** Who may vote: anybody named here, by any of the three. */
export interface Approvers {
  /** Grafana ids (`user:12`), Grafana UIDs, or logins. */
  readonly users: readonly string[];
  /** Counted only when Grafana calls the address verified. */
  readonly emails: readonly string[];
  readonly roles: readonly OrgRole[];
}

/** The rules of one decision besides the number of approvals, copied onto the revision when it is made. */
export interface DecisionPolicy {
  /** First 16 hex digits of SHA-256 over the canonical JSON of the rules, approvals included. */
  readonly version: string;
  readonly approvers: Approvers;
  readonly proposerMayVote: boolean;
  /** A decision nobody made in this time is `expired`. */
  readonly expireAfterMs: number;
  /** An approved action that could not start in this time is `expired`. */
  readonly startWithinMs: number;
  /** Whether one person may decide alone in an emergency. */
  readonly breakGlass: boolean;
}

/** A time in which nothing is started. */
export type Freeze = {
  readonly name: string;
} & (
  | { readonly kind: 'once'; readonly fromMs: number; readonly untilMs: number }
  | {
      readonly kind: 'weekly';
      /** 0 = Sunday … 6 = Saturday, on which it begins. */
      readonly days: readonly number[];
      /** Minutes after local midnight; an end at or before the start is on the next day. */
      readonly fromMinute: number;
      readonly untilMinute: number;
      /** IANA name, e.g. `Europe/Berlin`. */
      readonly timeZone: string;
    }
);
