import { canonicalize } from 'json-canonicalize';
import type { Clock, Executor } from '../../domain/ports.js';
import type { Prepared } from './protocol.js';

const FRESH_MS = 30_000;
const MOST_CACHED = 200;

/**
 * An executor whose dry runs are kept for half a minute: pages are looked at far more often than a server wants to be
 * asked, and the executor checks everything again before it acts. Callers at the same moment share one dry run.
 */
export function cachedDryRun(executor: Executor, clock: Clock): Executor {
  const dryRuns = new Map<string, { readonly atMs: number; readonly prepared: Promise<Prepared> }>();
  return {
    ...executor,
    prepare(plan) {
      const key = canonicalize(plan);
      const now = clock.now();
      const known = dryRuns.get(key);
      if (known !== undefined && now - known.atMs < FRESH_MS) return known.prepared;
      const prepared = executor.prepare(plan);
      dryRuns.delete(key);
      dryRuns.set(key, { atMs: now, prepared });
      for (const [oldest] of dryRuns) {
        if (dryRuns.size <= MOST_CACHED) break;
        dryRuns.delete(oldest);
      }
      return prepared;
    },
  };
}
