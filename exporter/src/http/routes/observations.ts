import { Invalid } from '../../domain/errors.js';
import { json, modelParam, type Reply, type RequestContext, type Route } from '../route.js';

const BATCH_ID = /^[A-Za-z0-9._:-]{1,128}$/;

async function ingest(context: RequestContext): Promise<Reply> {
  const { application, parseBatch, clock } = context.ports;
  const id = modelParam(context);
  application.models.status(id);
  const batchId = context.query.get('batch_id') ?? (context.headers['mlfi-batch-id'] as string | undefined) ?? null;
  if (batchId !== null && !BATCH_ID.test(batchId))
    throw new Invalid('batch_id must be 1 to 128 characters of A–Z a–z 0–9 . _ : -', 'batch_id');
  const acknowledge = context.query.get('ack') ?? 'commit';
  if (acknowledge !== 'commit' && acknowledge !== 'memory') throw new Invalid('ack must be commit or memory', 'ack');
  const isNdjson = /ndjson|jsonl/.test(context.headers['content-type'] ?? '');
  const batch = parseBatch(await context.text(), isNdjson, clock.now());
  const result = await application.models.ingest(id, { ...batch, batchId, acknowledge });
  const nothingTaken = result.accepted === 0 && result.rejected > 0;
  return json(
    {
      accepted: result.accepted,
      rejected: result.rejected,
      labels_matched: result.labelsMatched,
      labels_unmatched: result.labelsUnmatched,
      duplicate: result.duplicate,
      errors: result.errors.slice(0, 100),
    },
    nothingTaken ? 400 : 200,
  );
}

export const observationRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/api/v1/models/:id/observations',
    scope: 'ingest',
    summary: 'Log predictions: one object, an array, or one object per line; good lines are taken, bad ones named',
    handle: ingest,
  },
  {
    method: 'POST',
    path: '/api/v1/models/:id/labels',
    scope: 'ingest',
    summary: 'Labels for earlier predictions, by prediction_id',
    handle: ingest,
  },
];
