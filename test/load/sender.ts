import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Delivery } from './traffic.js';

const answer = z.object({
  accepted: z.number(),
  rejected: z.number(),
  labels_matched: z.number(),
  labels_unmatched: z.number(),
  duplicate: z.boolean(),
});
const counted = z.object({ total_samples: z.number() });

/** What one model's sender was told of what it sent. */
export interface Acknowledged {
  rows: number;
  labelsMatched: number;
  labelsUnmatched: number;
  /** When batches of rows were acknowledged that no kill has come after yet. */
  rowsAtMs: number[];
}

/** How often senders met what. */
export type Met = Map<string, number>;

/** Calls the service; null when nobody answers or the connection breaks. */
export type Call = (method: string, path: string, body?: string) => Promise<{ status: number; text: string } | null>;

const RETRY_AFTER_MS = 50;

/**
 * Sends deliveries of a model one after the other and each until it is acknowledged, as log shippers do: with a batch id
 * whatever became of the one before, without one only when that was refused, or when the counts say that it is not there.
 * @param told what was acknowledged of the model before; grows
 * @param turn resolves with a function that lets the next sender send
 */
export async function sendAll(
  id: string,
  deliveries: readonly Delivery[],
  told: Acknowledged,
  { call, turn, met }: { readonly call: Call; readonly turn: () => Promise<() => void>; readonly met: Met },
): Promise<void> {
  for (const delivery of deliveries) {
    const release = await turn();
    try {
      await deliver(id, delivery, call, met, told);
    } finally {
      release();
    }
  }
}

async function deliver(id: string, delivery: Delivery, call: Call, met: Met, told: Acknowledged): Promise<void> {
  const { kind, batchId, body } = delivery;
  const path = `/api/v1/models/${id}/${kind}${batchId === null ? '' : `?batch_id=${batchId}`}`;
  const text = JSON.stringify(body);
  for (;;) {
    const got = await call('POST', path, text);
    const status = got === null ? 'nobody' : String(got.status);
    met.set(status, (met.get(status) ?? 0) + 1);
    if (got?.status === 200) {
      const { accepted, rejected, labels_matched, labels_unmatched, duplicate } = answer.parse(JSON.parse(got.text));
      if (rejected > 0) throw new Error(`rows of ${id} were refused: ${got.text}`);
      if (duplicate) met.set('duplicate', (met.get('duplicate') ?? 0) + 1);
      if (kind === 'observations') {
        told.rows += accepted;
        told.rowsAtMs.push(Date.now());
      }
      told.labelsMatched += labels_matched;
      told.labelsUnmatched += labels_unmatched;
      return;
    }
    if (got !== null && ![429, 503].includes(got.status)) throw new Error(`${path}: ${got.status} ${got.text}`);
    await sleep(RETRY_AFTER_MS);
    if (got === null && batchId === null && kind === 'observations' && (await isThere(id, told, call))) {
      told.rows += body.length;
      told.rowsAtMs.push(Date.now());
      met.set('found counted', (met.get('found counted') ?? 0) + 1);
      return;
    }
  }
}

/** Whether rows whose answer was lost were counted: a sender without batch ids has to look, or it would send them twice. */
async function isThere(id: string, told: Acknowledged, call: Call): Promise<boolean> {
  for (;;) {
    const got = await call('GET', `/api/v1/models/${id}`);
    if (got?.status === 200) return counted.parse(JSON.parse(got.text)).total_samples > told.rows;
    await sleep(RETRY_AFTER_MS);
  }
}
