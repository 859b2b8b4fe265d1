import type { Incident } from '../api/types';

export type PhaseName = 'change' | 'first-evidence' | 'page' | 'decision' | 'recovery';
export interface Phase {
  name: PhaseName;
  /** Null when it has not happened, or nobody knows of it. */
  atMs: number | null;
  text: string | null;
}

type Entry = Pick<Incident['timeline'][number], 'atMs' | 'text'>;

/**
 * The story in five steps: what changed last before the evidence, the first evidence, the page, the first decision, and the
 * recovery (or the close without one).
 */
export function phasesOf({
  timeline,
  diagnosis,
  openedAtMs,
  closedAtMs,
}: Pick<Incident, 'timeline' | 'diagnosis' | 'openedAtMs' | 'closedAtMs'>): Phase[] {
  const entries = [...timeline].sort((a, b) => a.atMs - b.atMs);
  const first = (...kinds: string[]) => entries.find(({ kind }) => kinds.includes(kind));
  const evidence = first('first-evidence', 'alert');
  const before = evidence?.atMs ?? openedAtMs;
  const changes: Entry[] = [...entries.filter(({ kind }) => kind === 'change'), ...diagnosis.changes];
  const change = changes.filter(({ atMs }) => atMs <= before).sort((a, b) => b.atMs - a.atMs)[0];
  const opened = first('opened') ?? { atMs: openedAtMs, text: '' };
  const recovery =
    first('recovered') ?? (closedAtMs === null ? undefined : (first('closed') ?? { atMs: closedAtMs, text: '' }));
  const phase = (name: PhaseName, entry: Entry | undefined): Phase => ({
    name,
    atMs: entry?.atMs ?? null,
    text: entry?.text ?? null,
  });
  return [
    phase('change', change),
    phase('first-evidence', evidence),
    phase('page', opened),
    phase('decision', first('decision')),
    phase('recovery', recovery),
  ];
}
