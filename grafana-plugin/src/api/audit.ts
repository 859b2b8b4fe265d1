import { queryOptions } from '@tanstack/react-query';
import { bodyOf, exporter } from './client';
import { every } from './query';
import type { AuditEntry } from './types';

const PAGE_ENTRIES = 1_000;

/** The whole log, page by page. */
async function everything(signal: AbortSignal): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  for (let from = 1; ; from += PAGE_ENTRIES) {
    const { entries } = await bodyOf(
      exporter.GET('/api/v1/audit', { params: { query: { from, limit: PAGE_ENTRIES } }, signal })
    );
    all.push(...entries);
    if (entries.length < PAGE_ENTRIES) {
      return all;
    }
  }
}

export const auditQuery = () =>
  queryOptions({ queryKey: ['audit'], queryFn: ({ signal }) => everything(signal), refetchInterval: every(10_000) });

export const checkpointsQuery = () =>
  queryOptions({
    queryKey: ['audit', 'checkpoints'],
    queryFn: ({ signal }) =>
      bodyOf(exporter.GET('/api/v1/audit/checkpoints', { params: { query: { limit: 5 } }, signal })),
  });

export const makeCheckpoint = () => exporter.POST('/api/v1/audit/checkpoints');
export const verifyAudit = () => bodyOf(exporter.GET('/api/v1/audit/verify'));
