import type { EarlyLabel, LedgerEntry, LedgerRepository } from '../../../exporter/src/domain/ledger.js';

/** The ledger's contract on maps; the real ones run in test/integration/store.test.ts. */
export function memoryLedger(): LedgerRepository & {
  readonly rows: Map<string, LedgerEntry>;
  readonly labels: Map<string, EarlyLabel>;
  readonly labelled: Set<string>;
} {
  const rows = new Map<string, LedgerEntry>();
  const labels = new Map<string, EarlyLabel>();
  const labelled = new Set<string>();
  const taken = <T>(from: Map<string, T>, hashes: readonly string[]): Promise<T[]> => {
    const found = hashes.flatMap((hash) => from.get(hash) ?? []);
    for (const hash of hashes) from.delete(hash);
    return Promise.resolve(found);
  };
  return {
    rows,
    labels,
    labelled,
    saveAll: (entries) => {
      for (const entry of entries) {
        rows.set(entry.predictionIdHash, entry);
        labelled.delete(entry.predictionIdHash);
      }
      return Promise.resolve();
    },
    take: (_, hashes) => {
      for (const hash of hashes) if (rows.has(hash)) labelled.add(hash);
      return taken(rows, hashes);
    },
    labelledAmong: (_, hashes) => Promise.resolve(hashes.filter((hash) => labelled.has(hash))),
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
