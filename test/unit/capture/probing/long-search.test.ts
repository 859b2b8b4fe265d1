import { describe, expect, it } from 'vitest';
import { discover } from '../../../../exporter/src/capture/probing/discover.js';
import type { HttpClient } from '../../../../exporter/src/domain/ports.js';
import { systemClock } from '../../../../exporter/src/system/system-clock.js';

describe('a search that takes long', () => {
  const searched = async (post: number, get: number, timesOut: boolean) => {
    const calls: string[] = [];
    const http: HttpClient = {
      call({ method }) {
        calls.push(method);
        const isSilent = timesOut && method === 'GET';
        const failure = { reason: 'timeout', detail: 'no answer', httpStatus: null, retryAfterMs: null } as const;
        const latencySeconds = method === 'GET' ? get : post;
        if (isSilent) return Promise.resolve({ kind: 'failure', failure, latencySeconds });
        const answer = { status: 404, headers: {}, body: '{"detail":"Not Found"}', latencySeconds };
        return Promise.resolve({ kind: 'answer', ...answer });
      },
    };
    const context = { http, clock: systemClock, timeoutMs: 10_000, authorizationOf: () => null };
    const found = await discover(context, { url: 'http://model.test/predict', authorizationSecret: null });
    return { calls, found };
  };

  it('sends no further reads once two got no answer, and goes on with what is sent by POST', async () => {
    const { calls, found } = await searched(0.01, 10, true);
    expect(calls.filter((method) => method === 'GET')).toHaveLength(2);
    expect(calls.filter((method) => method === 'POST').length).toBeGreaterThan(5);
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'not_found' } });
    expect(found.kind === 'not-found' && found.failure.detail).toContain('2 reads (GET) got no answer in time');
  });

  it('ends after half a minute of waiting, and says so', async () => {
    const { calls, found } = await searched(2, 2, false);
    expect(calls).toHaveLength(15);
    expect(found).toMatchObject({ kind: 'not-found', failure: { reason: 'not_found' } });
    expect(found.kind === 'not-found' && found.failure.detail).toMatch(/“Not Found”; the search .* took 30 s, and was/);
    expect(found.attempts.every(({ outcome }) => !outcome.includes('took 30 s'))).toBe(true);
    expect((await searched(0.01, 0.01, false)).calls.length).toBeGreaterThan(15);
  });
});
