import { attributedFindings, type Diagnosis } from '../domain/cause.js';
import type { DecisionRecord } from '../domain/decision-record.js';

/**
 * When what repaired an incident was done: the newest action that was verified to have helped, of everything that is blamed.
 * Null where none was, or where it was verified of a part only: of the rest the fault may go on.
 */
export function repairedAtMs(
  records: readonly Pick<DecisionRecord, 'recommendation' | 'execution'>[],
  diagnosis: Diagnosis,
): number | null {
  const blamed = attributedFindings(diagnosis).map(({ subject }) => subject);
  const times = records.flatMap(({ recommendation: { state, verification }, execution }) => {
    const verified: readonly string[] = verification?.subjects ?? [];
    const isRepair = state === 'recovered' && execution !== null && blamed.every((of) => verified.includes(of));
    return isRepair ? [execution.finishedAtMs ?? execution.queuedAtMs] : [];
  });
  return times.length === 0 ? null : Math.max(...times);
}
