import type { Incident } from '../../domain/incident.js';
import type { Store } from '../../domain/ports.js';
import type { WrittenFormat } from '../../domain/report-format.js';
import { renderReport } from './index.js';
import type { Fingerprint } from '../../domain/incident.js';
import type { Lesson, SimilarLesson } from '../../domain/lesson.js';

/** The report of an incident with everything the store has about it. */
export type SimilarLessons = (print: Fingerprint, atMs: number, lessons: readonly Lesson[]) => SimilarLesson[];

export async function reportOf(
  store: Store,
  similarLessons: SimilarLessons,
  incident: Incident,
  format: WrittenFormat,
  nowMs: number,
): Promise<string> {
  const [model, baseline, lessons, decisions] = await Promise.all([
    store.models.get(incident.modelId),
    store.baselines.current(incident.modelId),
    store.lessons.list({ limit: 1_000 }),
    // One that is damaged is left out: it hides neither the incident nor its other decisions.
    store.decisions.list({ incident: incident.id, limit: 100 }),
  ]);
  const until = incident.diagnosis.window.toMs + 1;
  const windows = await store.windows.range(incident.modelId, incident.diagnosis.window.fromMs - 60_000, until);
  return renderReport(format, {
    modelName: model?.name ?? incident.modelId,
    incident,
    diagnosis: incident.diagnosis,
    explanation: incident.explanation,
    recommendations: decisions
      .map(({ recommendation }) => recommendation)
      .filter(({ state }) => state !== 'withdrawn' || incident.closedAtMs !== null)
      .reverse(),
    similar: similarLessons(
      incident.fingerprint,
      incident.openedAtMs,
      lessons.filter(({ incidentId }) => incidentId !== incident.id),
    ),
    baseline,
    window: windows.at(-1)?.profile ?? null,
    generatedAtMs: nowMs,
  });
}
