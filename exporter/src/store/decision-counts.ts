import type { Knex } from 'knex';
import { NO_FIGURES, type DecisionCounts, type ModelFigures } from '../domain/decision-counts.js';
import type { Verification, Vote } from '../domain/decision.js';
import { modelId, type ModelId } from '../domain/identifiers.js';
import { PRIORITIES, type Recommendation, type RecommendationState } from '../domain/recommendation.js';
import { type ExecutorId } from '../domain/executor.js';

const OPEN: readonly RecommendationState[] = ['pending', 'approved', 'dispatching', 'succeeded', 'unknown'];

type Counted = Record<string, string | number>;

const grouped = (db: Knex, table: string, keys: readonly string[]): Promise<Counted[]> =>
  db(table)
    .select(...keys)
    .count({ n: '*' })
    .groupBy(...keys);

type Draft = { -readonly [K in keyof ModelFigures]: ModelFigures[K] };

/** Counts incidents, decisions, actions and alerts per model; a handful of grouped queries, whatever the history's length. */
export async function readDecisionCounts(db: Knex): Promise<DecisionCounts> {
  const drafts = new Map<ModelId, Draft>();
  const of = (model: string): Draft => {
    const id = modelId(model);
    const draft = drafts.get(id) ?? { ...NO_FIGURES };
    drafts.set(id, draft);
    return draft;
  };
  for (const { model, n } of await grouped(db, 'incident', ['model'])) of(String(model)).incidents = Number(n);
  for (const { model, state, n } of await grouped(db, 'recommendation', ['model', 'state'])) {
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
  return { models: drafts, ...(await readTotals(db)) };
}

/** What belongs to no model: the audit log, its newest checkpoint, votes and broken glasses. */
async function readTotals(db: Knex): Promise<Omit<DecisionCounts, 'models'>> {
  const [head] = await db('audit').max<{ entries: number | null }[]>({ entries: 'sequence' });
  const checkpoint = await db('checkpoint').orderBy('size', 'desc').first<{ size: number; at_ms: number }>();
  const votes = { approve: 0, reject: 0 };
  for (const { verdict, n } of await grouped(db, 'vote', ['verdict'])) votes[verdict as Vote['verdict']] = Number(n);
  const breakGlass = { used: 0, unreviewed: 0 };
  // SQLite keeps a truth as 0 or 1.
  for (const { open: unreviewed, n } of await grouped(db, 'review', ['open'])) {
    breakGlass.used += Number(n);
    if (Boolean(unreviewed)) breakGlass.unreviewed += Number(n);
  }
  return {
    auditEntries: Number(head?.entries ?? 0),
    checkpoint: checkpoint === undefined ? null : { entries: checkpoint.size, atMs: checkpoint.at_ms },
    votes,
    breakGlass,
  };
}
