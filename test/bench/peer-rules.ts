import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Contestant } from './contestant.js';

interface PeerRule {
  readonly name: string;
  readonly shipped: number;
  readonly strictest: number;
  /** Too slow to be run again and again until its false alarms match. */
  readonly matchable: boolean;
}

const VALUES: readonly PeerRule[] = [
  { name: 'river ADWIN', shipped: -Math.log10(0.002), strictest: 40, matchable: true },
  { name: 'river Page-Hinkley', shipped: 50, strictest: 2_000, matchable: true },
  { name: 'river KSWIN', shipped: -Math.log10(0.005), strictest: 14, matchable: false },
];
const ERRORS: readonly PeerRule[] = [
  { name: 'river DDM', shipped: 3, strictest: 12, matchable: true },
  { name: 'river HDDM_A', shipped: 3, strictest: 40, matchable: true },
  { name: 'river HDDM_W', shipped: 3, strictest: 40, matchable: true },
  { name: 'river ADWIN', shipped: -Math.log10(0.002), strictest: 40, matchable: true },
  { name: 'frouros DDM', shipped: 3, strictest: 12, matchable: false },
  { name: 'frouros HDDM_A', shipped: 3, strictest: 40, matchable: false },
];

export interface Peers {
  readonly values: readonly Contestant[];
  readonly errors: readonly Contestant[];
  close(): void;
}

/** The rules of river and frouros in a Python process of their own. */
export function startPeers(python: string): Peers {
  const child = spawn(python, [join(import.meta.dirname, 'peer_rules.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = answersOf(child as unknown as ChildProcessWithoutNullStreams);
  const contestant = (rule: PeerRule): Contestant => ({
    ...rule,
    async firstAlarms(strictness, { rows, file, baseline }) {
      const length = rows[0]?.length ?? 0;
      child.stdin.write(
        `${JSON.stringify({ rule: rule.name, strictness, file, runs: rows.length, length, baseline })}\n`,
      );
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${python} stopped; it needs river and frouros`);
      return (JSON.parse(value) as (number | null)[]).map((at) => at ?? Infinity);
    },
  });
  return {
    values: VALUES.map(contestant),
    errors: ERRORS.map(contestant),
    close: () => child.stdin.end(),
  };
}

function answersOf(child: ChildProcessWithoutNullStreams): AsyncIterator<string, undefined> {
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]() as AsyncIterator<string, undefined>;
}
