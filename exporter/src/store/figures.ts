import type { Knex } from 'knex';
import { NO_FIGURES, type FleetFigures, type ModelFigures } from '../domain/figures.js';
import type { Verification } from '../domain/decision.js';
import { modelId, type ModelId } from '../domain/identifiers.js';
import {
  PRIORITIES,
  type ExecutorId,
  type Recommendation,
  type RecommendationState,
} from '../domain/recommendation.js';

const OPEN: readonly RecommendationState[] = ['pending', 'approved', 'dispatching', 'succeeded', 'unknown'];

type Draft = { -readonly [K in keyof ModelFigures]: ModelFigures[K] };

/** Counts incidents, decisions, actions and alerts per model; a handful of grouped queries, whatever the history's length. */
export async function readFigures(db: Knex): Promise<FleetFigures> {
  const drafts = new Map<ModelId, Draft>();
  const of = (model: string): Draft => {
    const id = modelId(model);
    const draft = drafts.get(id) ?? { ...NO_FIGURES };
    drafts.set(id, draft);
    return draft;
  };
  type Counted = Record<string, string | number>;
  const grouped = (table: string, keys: readonly string[]): Promise<Counted[]> =>
    db(table)
      .select(...keys)
      .count({ n: '*' })
      .groupBy(...keys);

  for (const { model, n } of await grouped('incident', ['model'])) of(String(model)).incidents = Number(n);
  for (const { model, state, n } of await grouped('recommendation', ['model', 'state'])) {
    const draft = of(String(model));
    draft.recommendations = { ...draft.recommendations, [String(state)]: Number(n) };
  }
  const open = await db('recommendation')
    .whereIn('state', [...OPEN])
    .select<{ document: string; state: RecommendationState }[]>('document', 'state');
  for (const row of open) {
    const { modelId: model, action, cause, priority, title, createdAtMs } = JSON.parse(row.document) as Recommendation;
    const draft = of(model);
    if (row.state === 'pending') draft.oldestPendingAtMs = Math.min(draft.oldestPendingAtMs ?? Infinity, createdAtMs);
    if (draft.top === null || PRIORITIES.indexOf(priority) < PRIORITIES.indexOf(draft.top.priority))
      draft.top = { action, cause, priority, state: row.state, title };
  }
  const executions = await db('execution')
    .join('recommendation', 'recommendation.id', 'execution.recommendation')
    .select<{ model: string; state: string; document: string }[]>(
      'recommendation.model as model',
      'execution.state as state',
      'execution.document as document',
    );
  for (const { model, state, document } of executions) {
    const draft = of(model);
    const { executor } = JSON.parse(document) as { executor: ExecutorId };
    const before = draft.executions.find((entry) => entry.executor === executor) ?? { executor, count: 0, failed: 0 };
    draft.executions = [
      ...draft.executions.filter((entry) => entry.executor !== executor),
      { executor, count: before.count + 1, failed: before.failed + (state === 'failed' ? 1 : 0) },
    ];
    if (state === 'unknown') draft.executionsUnknown += 1;
  }
  const verifications = await db('verification')
    .join('recommendation', 'recommendation.id', 'verification.recommendation')
    .select<{ model: string; document: string }[]>(
      'recommendation.model as model',
      'verification.document as document',
    );
  for (const { model, document } of verifications) {
    const draft = of(model);
    const { outcome } = JSON.parse(document) as Verification;
    draft.verifications = { ...draft.verifications, [outcome]: (draft.verifications[outcome] ?? 0) + 1 };
  }
  const firing = (await db('external_alert')
    .whereNull('ends_at_ms')
    .whereNotNull('model')
    .select('model', 'sender')
    .count({ n: '*' })
    .groupBy('model', 'sender')) as unknown as Counted[];
  for (const { model, sender, n } of firing) {
    const draft = of(String(model));
    draft.alertsFiring = { ...draft.alertsFiring, [String(sender)]: Number(n) };
  }
  const [head] = await db('audit').max<{ entries: number | null }[]>({ entries: 'sequence' });
  return { models: drafts, auditEntries: Number(head?.entries ?? 0) };
}
