import type { AuditVerdict } from '../domain/audit.js';
import { DECISION_TABLES } from '../domain/decision.js';
import { DecisionsRefused } from '../domain/errors.js';
import type { DamagedTable, GovernanceTransaction, Logger, Store } from '../domain/ports.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';

/** What decisions are made of and put on record in. */
const RESTED_ON = ['audit', 'checkpoint', ...DECISION_TABLES];

const WRITES = /^(insert|set|update|save)/;
const RETRY_AFTER_SECONDS = 300;

/**
 * Refuses decisions while what they rest on is damaged: the tables of decisions and of the audit log, or its chain. A vote on
 * record in a log nobody can read later is worse than none. Everything else, reading decisions included, goes on.
 */
export class DecisionGate {
  private why: string | null = null;

  constructor(
    private readonly metrics: Pick<ProcessMetrics, 'storeDamage'>,
    private readonly logger: Pick<Logger, 'error' | 'info'>,
  ) {}

  /** Why decisions are refused, null while they are taken. */
  refusedBecause(): string | null {
    return this.why;
  }

  /**
   * Looks at the tables, and at the chain where they can be read.
   * @throws what the store throws when it is away; then the gate stays as it is
   */
  async check(store: Pick<Store, 'damagedTables'>, verifyAudit: () => Promise<AuditVerdict>): Promise<void> {
    const damaged = await store.damagedTables(RESTED_ON);
    const isAuditReadable = !damaged.some(({ table }) => table === 'audit');
    const verdict = isAuditReadable ? await verifyAudit() : null;
    const broken = verdict?.kind === 'broken' ? [`the audit log is broken at entry ${verdict.atSequence}`] : [];
    this.settle([...damaged.map(words), ...broken]);
  }

  /** The store, its decisions behind the gate. */
  guard(store: Store): Store {
    const guarded =
      (governance: Store['governance']): Store['governance'] =>
      (work) =>
        governance((transaction) => work(this.guarded(transaction)));
    return {
      ...store,
      governance: guarded((work) => store.governance(work)),
      atomic: (shard, epoch, work) =>
        store.atomic(shard, epoch, (increments) =>
          work({ ...increments, governance: guarded((decide) => increments.governance(decide)) }),
        ),
    };
  }

  private settle(problems: readonly string[]): void {
    const before = this.why;
    this.why =
      problems.length === 0
        ? null
        : `decisions are not taken now, because the store is damaged: ${problems.join(', ')}; run "mlfi store check", and restore a backup`;
    this.metrics.storeDamage(problems.length);
    if (this.why !== null && this.why !== before) this.logger.error({ problems }, this.why);
    if (this.why === null && before !== null) this.logger.info({}, 'the store is whole again; decisions are taken');
  }

  private guarded(transaction: GovernanceTransaction): GovernanceTransaction {
    return new Proxy(transaction, {
      get: (target, key, receiver) => {
        const member: unknown = Reflect.get(target, key, receiver);
        if (typeof key !== 'string' || typeof member !== 'function' || !WRITES.test(key)) return member;
        return (...given: unknown[]): unknown => {
          if (this.why !== null) return Promise.reject(new DecisionsRefused(this.why, RETRY_AFTER_SECONDS));
          return Reflect.apply(member, target, given) as unknown;
        };
      },
    });
  }
}

const words = ({ table, onlyIndexes }: DamagedTable): string =>
  onlyIndexes ? `an index of table ${table}` : `table ${table}`;
