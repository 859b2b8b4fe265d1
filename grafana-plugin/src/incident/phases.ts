import type { Incident, ModelDetail } from '../api/types';

export type PhaseName = 'change' | 'first-evidence' | 'page' | 'decision' | 'recovery';
export interface Phase {
  name: PhaseName;
  /** Null when it has not happened, or nobody knows of it. */
  atMs: number | null;
  text: string | null;
}

type Entry = Pick<Incident['timeline'][number], 'at_ms' | 'text'>;
type Told = Pick<Incident, 'timeline' | 'diagnosis' | 'opened_at_ms' | 'closed_at_ms'>;

/** A told change so near the estimated one is that one. */
const NEAR_MS = 10 * 60_000;
/** Without an estimate, a change told so long before the first evidence may be what began it. */
const BEFORE_MS = 60 * 60_000;

/** When the data or the answers are estimated to have changed, by the diagnosis where it says; null without an estimate. */
export function changedAtMs(
  { id, diagnosis, opened_at_ms }: Pick<Incident, 'id' | 'diagnosis' | 'opened_at_ms'>,
  model: Pick<ModelDetail, 'incident_id' | 'evidence'> | undefined
): number | null {
  const ofModel = model?.incident_id === id ? model.evidence.changed_at_ms : null;
  const ofRepairs = (diagnosis.repairs ?? []).flatMap(({ since_ms }) =>
    since_ms === null || since_ms > opened_at_ms ? [] : [since_ms]
  );
  return diagnosis.since_ms ?? ofModel ?? (ofRepairs.length === 0 ? null : Math.min(...ofRepairs));
}

/** What somebody told of; what mlfi notes about how it judges the model is no change of it. */
function toldChanges({ timeline, diagnosis: { changes } }: Pick<Told, 'timeline' | 'diagnosis'>): Entry[] {
  const own = new Set(changes.filter(({ kind }) => kind === 'source').map(({ text }) => text));
  return [...timeline.filter(({ kind }) => kind === 'change'), ...changes].filter(({ text }) => !own.has(text));
}

/**
 * The story in five steps: when it is estimated to have changed, or what is told to have changed near that (without an estimate,
 * shortly before the evidence); the first evidence, the alert, the first decision, and the recovery (or the close without one).
 */
export function phasesOf(incident: Told, estimatedMs: number | null): Phase[] {
  const { timeline, opened_at_ms, closed_at_ms } = incident;
  const entries = [...timeline].sort((a, b) => a.at_ms - b.at_ms);
  const first = (...kinds: string[]) => entries.find(({ kind }) => kinds.includes(kind));
  const evidence = first('first-evidence', 'alert');
  const before = evidence?.at_ms ?? opened_at_ms;
  const isNear = ({ at_ms }: Entry) =>
    at_ms <= before && (estimatedMs === null ? before - at_ms <= BEFORE_MS : Math.abs(at_ms - estimatedMs) <= NEAR_MS);
  const told = toldChanges(incident)
    .filter(isNear)
    .sort((a, b) => b.at_ms - a.at_ms)[0];
  const change = told ?? (estimatedMs === null ? undefined : { at_ms: estimatedMs, text: '' });
  const opened = first('opened') ?? { at_ms: opened_at_ms, text: '' };
  const recovery =
    first('recovered') ?? (closed_at_ms === null ? undefined : (first('closed') ?? { at_ms: closed_at_ms, text: '' }));
  const phase = (name: PhaseName, entry: Entry | undefined): Phase => ({
    name,
    atMs: entry?.at_ms ?? null,
    text: entry?.text ?? null,
  });
  return [
    phase('change', change),
    phase('first-evidence', evidence),
    // Without its words: they are the first guess, which the evidence may have left behind.
    phase('page', { at_ms: opened.at_ms, text: '' }),
    phase('decision', first('decision')),
    phase('recovery', recovery),
  ];
}
