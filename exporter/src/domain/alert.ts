import type { ModelId } from './identifiers.js';

export const ALERT_SENDERS = ['alertmanager', 'grafana'] as const;
export type AlertSender = (typeof ALERT_SENDERS)[number];

/** One alert of a webhook notification. Its texts come from outside: capped, shown as text, never fetched. */
export interface ReceivedAlert {
  /** The sender's identity of the alert's label set. */
  readonly fingerprint: string;
  readonly startsAtMs: number;
  /** Null while it fires. */
  readonly endsAtMs: number | null;
  readonly name: string;
  readonly summary: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An alert somebody else raised, as kept. */
export interface ExternalAlert extends ReceivedAlert {
  readonly sender: AlertSender;
  /** The watched model it is about; null when no label names one. */
  readonly modelId: ModelId | null;
  /** When it was heard of last: while it fires, senders repeat it. */
  readonly receivedAtMs: number;
}

/** `new`: first heard of · `duplicate`: known and unchanged · `resolved`: known to fire, and over now. */
export type AlertReceipt = 'new' | 'duplicate' | 'resolved';

/** What became of the alerts of one notification. */
export interface AlertIntake {
  readonly taken: number;
  readonly duplicate: number;
  readonly resolved: number;
  /** Of those taken, alerts that name no watched model; kept, shown, and not investigated. */
  readonly unassigned: number;
  /** Refused: mlfi's own alerts. */
  readonly own: number;
}

export interface AlertRepository {
  /** Records a notification in one transaction, durable on return; keyed by sender, fingerprint and start. */
  take(alerts: readonly ExternalAlert[]): Promise<readonly AlertReceipt[]>;
  /** Newest first. */
  list(filter: {
    readonly model?: ModelId;
    readonly firing?: boolean;
    readonly limit: number;
  }): Promise<readonly ExternalAlert[]>;
  /** Forgets alerts that ended before, and those that nobody resolved and nobody has spoken of since. */
  prune(olderThanMs: number): Promise<number>;
}
