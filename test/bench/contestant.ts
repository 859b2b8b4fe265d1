import type { Rule } from './rules.js';
import type { Runs } from './streams-file.js';

/** A rule as the benchmark runs it: ours, our transcription of a published one, or a package's own. */
export interface Contestant {
  readonly name: string;
  readonly shipped: number;
  readonly strictest: number;
  readonly matchable: boolean;
  /** Sample after the baseline at which each run alarms first; Infinity for never. */
  firstAlarms(strictness: number, runs: Runs): Promise<readonly number[]>;
}

export function inProcess(rule: Rule): Contestant {
  return {
    name: rule.name,
    shipped: rule.shipped,
    strictest: rule.strictest,
    matchable: true,
    firstAlarms: (strictness, { rows, baseline }) =>
      Promise.resolve(
        rows.map((row) => {
          const changed = rule.make(strictness, Array.from(row.subarray(0, baseline)));
          for (let i = baseline; i < row.length; i += 1) if (changed(row[i] ?? 0)) return i - baseline + 1;
          return Infinity;
        }),
      ),
  };
}
