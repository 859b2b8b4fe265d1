import type { EarlyLabel, LedgerEntry, LedgerRepository } from '../../../exporter/src/domain/ledger.js';

/** The ledger's contract on maps; the real ones run in test/integration/store.test.ts. */
export function memoryLedger(): LedgerRepository & {
  readonly rows: Map<string, LedgerEntry>;
  readonly labels: Map<string, EarlyLabel>;
} {
  const rows = new Map<string, LedgerEntry>();
  const labels = new Map<string, EarlyLabel>();
  const taken = <T>(from: Map<string, T>, hashes: readonly string[]): Promise<T[]> => {
    const found = hashes.flatMap((hash) => from.get(hash) ?? []);
    for (const hash of hashes) from.delete(hash);
    return Promise.resolve(found);
  };
  return {
    rows,
    labels,
    saveAll: (entries) => {
      for (const entry of entries) rows.set(entry.predictionIdHash, entry);
      return Promise.resolve();
    },
    take: (_, hashes) => taken(rows, hashes),
    saveLabels: (some) => {
      for (const label of some) labels.set(label.predictionIdHash, label);
      return Promise.resolve();
    },
    takeLabels: (_, hashes) => taken(labels, hashes),
    waitingAmong: (_, hashes) => Promise.resolve(hashes.filter((hash) => labels.has(hash))),
    labelsWaiting: () => Promise.resolve(labels.size),
    dropLabels: (_, beforeMs) => {
      const old = [...labels.values()].filter(({ arrivedAtMs }) => arrivedAtMs < beforeMs);
      for (const { predictionIdHash } of old) labels.delete(predictionIdHash);
      return Promise.resolve(old.length);
    },
    prune: () => Promise.resolve(0),
  };
}
