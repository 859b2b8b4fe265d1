import type { Member } from './member.js';
import type { Members } from './members.js';

/** What a value of a row takes in memory; measured 11 to 21 bytes for rows of 2 to 100 features. */
const BYTES_A_VALUE = 20;
/** Rows that a model may be left with, in the order in which all are asked: the fewer say less of what an incident is about. */
const ROWS_LEFT = [1_000, 100];

/** Keeps the rows of all models in memory within one bound. Those that wait to be judged count, and are never given back. */
export class RowMemory {
  constructor(
    private readonly members: Pick<Members, 'all' | 'inLaneOf'>,
    private readonly mostBytes: () => number,
  ) {}

  /** What the rows of all models take, as far as it is known without weighing them. */
  private get bytes(): number {
    return BYTES_A_VALUE * [...this.members.all.values()].reduce((sum, member) => sum + valuesOf(member), 0);
  }

  /** Lets the oldest rows go of those models that have had no call for longest, until the rest is within the bound. */
  async giveBack(): Promise<void> {
    let surplus = (this.bytes - this.mostBytes()) / BYTES_A_VALUE;
    if (surplus <= 0) return;
    const longestQuietFirst = [...this.members.all.values()].sort((a, b) => activeAtMs(a) - activeAtMs(b));
    for (const rowsLeft of ROWS_LEFT)
      for (const member of longestQuietFirst) {
        if (surplus <= 0) return;
        await this.members.inLaneOf(member, () => {
          const before = valuesOf(member);
          const { rows, phase } = member.monitored.traffic;
          rows.trim(rowsLeft);
          member.monitored.first.rows.trim(rowsLeft);
          if (phase.kind === 'admitted') phase.rows.trim(rowsLeft);
          surplus -= before - valuesOf(member);
        });
      }
  }
}

const valuesOf = ({ monitored: { first, traffic } }: Member): number =>
  first.rows.valuesHeld +
  traffic.rows.valuesHeld +
  traffic.parts.pending.valuesHeld +
  (traffic.phase.kind === 'admitted' ? traffic.phase.rows.valuesHeld : 0);

/** When the model last had a call of either kind. */
const activeAtMs = ({ monitored: { counters } }: Member): number =>
  Math.max(counters.lastArrivalAtMs ?? 0, counters.lastProbeAtMs ?? 0);
