import type { AuditEntry, AuditVerdict, StoredCheckpoint } from '../domain/audit.js';
import type { Store } from '../domain/ports.js';
import type { ApplicationPorts } from './ports.js';

/** The log of who did what. */
export interface AuditUseCases {
  /** Entries with sequence in [from, from + limit), ascending; sequences start at 1. */
  entries(from: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Checks the whole hash chain. */
  verify(): Promise<AuditVerdict>;
  /** Public key of the checkpoints, `<name>+<key id>+<key>`. */
  readonly checkpointKey: string;
  /** Newest first. */
  checkpoints(limit: number): Promise<readonly StoredCheckpoint[]>;
  /** Signs the log as it stands. @returns the newest checkpoint; null for an empty log */
  makeCheckpoint(): Promise<StoredCheckpoint | null>;
}

/** @returns the use cases of `/api/v1/audit` */
export function auditUseCases({
  store,
  verifyAudit,
  checkpointing,
}: Pick<ApplicationPorts, 'verifyAudit' | 'checkpointing'> & {
  readonly store: Pick<Store, 'audit'>;
}): AuditUseCases {
  return {
    entries: (from, limit) => store.audit.read(from, limit),
    verify: verifyAudit,
    checkpointKey: checkpointing.verifierKey,
    checkpoints: (limit) => store.audit.checkpoints(limit),
    async makeCheckpoint() {
      await checkpointing.make();
      const [newest] = await store.audit.checkpoints(1);
      return newest ?? null;
    },
  };
}
