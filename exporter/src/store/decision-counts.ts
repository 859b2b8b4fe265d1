import type { Knex } from 'knex';
import { NO_MODEL_DECISIONS, type DecisionCounts, type ModelDecisionCounts } from '../domain/decision-counts.js';
import type { Vote } from '../domain/decision.js';
import type { ExecutorId } from '../domain/executor.js';
import { asModelId, type ModelId } from '../domain/identifiers.js';
import type { RecommendationState } from '../domain/recommendation.js';
import { readable } from './documents.js';
import { readRecommendation, RECOMMENDATION_COLUMNS, type StoredRecommendation } from './recommendations.js';

const OPEN: readonly RecommendationState[] = ['pending', 'approved', 'dispatching', 'succeeded', 'unknown'];
/** What verification makes of an execution is the last state of its recommendation, changed in the same transaction. */
const VERIFIED: readonly string[] = ['recovered', 'not_recovered', 'inconclusive'];

type Counted = Record<string, string | number>;

/** Advice executes nothing: nobody decides on it. So it is written where there is no plan, and as no text within another field. */
const WITHOUT_PLAN = '%"plan":null%';

const grouped = (db: Knex, table: string, keys: readonly string[]): Promise<Counted[]> =>
  db(table)
    .select(...keys)
    .count({ n: '*' })
    .groupBy(...keys);

type Draft = { -readonly [K in keyof ModelDecisionCounts]: ModelDecisionCounts[K] };

/**
 * Counts incidents, decisions, actions and alerts per model. Ten statements, whatever the history's length; the database
 * counts along its indexes, and looks into the documents of those that are pending; of documents only the most urgent open one of
 * each model is read.
 */
export async function readDecisionCounts(db: Knex): Promise<DecisionCounts> {
  const drafts = new Map<ModelId, Draft>();
  const of = (model: string | number | undefined): Draft => {
    const id = asModelId(String(model));
    const draft = (id === null ? undefined : drafts.get(id)) ?? { ...NO_MODEL_DECISIONS };
    // A damaged row is counted nowhere, and keeps nobody from what is counted of the others.
    if (id !== null) drafts.set(id, draft);
    return draft;
  };
  for (const { model, n } of await grouped(db, 'incident', ['model'])) of(model).incidents = Number(n);
  for (const { model, state, n } of await grouped(db, 'recommendation', ['model', 'state'])) {
    if (state === 'pending') continue;
    const draft = of(model);
    draft.recommendations = { ...draft.recommendations, [String(state)]: Number(n) };
    if (VERIFIED.includes(String(state))) draft.verifications = { ...draft.verifications, [String(state)]: Number(n) };
  }
  for (const { model, n, oldest } of await waiting(db)) {
    const draft = of(model);
    draft.recommendations = { ...draft.recommendations, pending: Number(n) };
    draft.oldestPendingAtMs = oldest;
  }
  // What is damaged is told where decisions are made; its model has none that is most urgent, and all others keep theirs.
  for (const open of readable(await mostUrgentOpen(db), readRecommendation, () => undefined)) {
    const { modelId: model, action, cause, priority, state, title } = open;
    of(model).top = { action, cause, priority, state, title };
  }
  for (const { model, executor, state, n } of await grouped(db, 'execution', ['model', 'executor', 'state']))
    addExecutions(of(model), executor as ExecutorId, String(state), Number(n));
  for (const { model, sender, n } of await firingAlerts(db)) {
    const draft = of(model);
    draft.alertsFiring = { ...draft.alertsFiring, [String(sender)]: Number(n) };
  }
  return { models: drafts, ...(await readTotals(db)) };
}

/** Those that wait for a person, with when the oldest of them was proposed. */
const waiting = (db: Knex): Promise<{ model: string; n: number | string; oldest: number }[]> =>
  db('recommendation')
    .where({ state: 'pending' })
    .whereNot('document', 'like', WITHOUT_PLAN)
    .select('model')
    .count({ n: '*' })
    .min({ oldest: 'created_at_ms' })
    .groupBy('model');

function mostUrgentOpen(db: Knex): Promise<StoredRecommendation[]> {
  const ranked = db('recommendation')
    .whereIn('state', [...OPEN])
    .select('id')
    .rowNumber('place', (over) => {
      over.partitionBy('model').orderBy('priority').orderBy('created_at_ms').orderBy('id');
    });
  const first = db.select('id').from(ranked.as('ranked')).where({ place: 1 });
  return db('recommendation').whereIn('id', first).select<StoredRecommendation[]>(RECOMMENDATION_COLUMNS);
}

function addExecutions(draft: Draft, executor: ExecutorId, state: string, n: number): void {
  const before = draft.executions.find((entry) => entry.executor === executor) ?? { executor, count: 0, failed: 0 };
  draft.executions = [
    ...draft.executions.filter((entry) => entry !== before),
    { executor, count: before.count + n, failed: before.failed + (state === 'failed' ? n : 0) },
  ];
  if (state === 'unknown') draft.executionsUnknown += n;
}

const firingAlerts = (db: Knex): Promise<Counted[]> =>
  db('external_alert')
    .whereNull('ends_at_ms')
    .whereNotNull('model')
    .select('model', 'sender')
    .count({ n: '*' })
    .groupBy('model', 'sender');

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
