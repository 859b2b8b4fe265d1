import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifyGrafanaSignature } from '../../../../exporter/src/capture/alerts/grafana-signature.js';
import { isOwnAlert, parseNotification } from '../../../../exporter/src/capture/alerts/notification.js';

const golden = (name: string): string => readFileSync(join(import.meta.dirname, '../../../data/alerts', name), 'utf8');
const NOW = Date.parse('2026-11-24T12:00:00Z');

describe('a webhook notification', () => {
  it('of Alertmanager is read', () => {
    const parsed = parseNotification(golden('alertmanager-v4.json'), NOW);
    if (parsed.kind === 'refused') expect.fail(parsed.message);
    expect(parsed.alerts).toHaveLength(2);
    expect(parsed.alerts[0]).toEqual({
      fingerprint: 'c1d6dd5c8b9d2f7e',
      startsAtMs: Date.parse('2026-11-24T11:58:04.123Z'),
      endsAtMs: null,
      name: 'CheckoutErrors',
      summary: 'Checkout fails for one call in ten.',
      labels: { alertname: 'CheckoutErrors', model: 'fraud', severity: 'critical' },
    });
    expect(parsed.alerts[1]?.endsAtMs).toBe(Date.parse('2026-11-24T11:59:00Z'));
  });

  it('of Grafana is read, values and all that mlfi does not know ignored', () => {
    const parsed = parseNotification(golden('grafana-v1.json'), NOW);
    if (parsed.kind === 'refused') expect.fail(parsed.message);
    expect(parsed.alerts[0]).toMatchObject({ name: 'High latency', fingerprint: '57c6d9296de2ad39', endsAtMs: null });
    expect(parsed.alerts[0]?.labels['model_name']).toBe('fraud');
  });

  it.each([
    ['no JSON', '{', 'body', 'the body is not JSON'],
    ['a list', '[]', 'body', 'body: must be an object'],
    ['no alerts', '{}', 'alerts', 'alerts: is missing'],
    [
      'a status nobody knows',
      '{"alerts":[{"status":"maybe","startsAt":"2026-01-01T00:00:00Z"}]}',
      'alerts.0.status',
      'alerts.0.status: must be one of firing, resolved',
    ],
    [
      'no time',
      '{"alerts":[{"status":"firing","startsAt":"yesterday"}]}',
      'alerts.0.startsAt',
      'alerts.0.startsAt: must be a time such as 2026-11-24T12:00:00Z',
    ],
    [
      'a label nested without end',
      `{"alerts":[{"status":"firing","startsAt":"2026-01-01T00:00:00Z","labels":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}]}`,
      'alerts',
      'alerts: nested deeper than 20 levels',
    ],
    [
      'more alerts than are taken at once',
      `{"alerts":[${'{},'.repeat(2_000)}{}]}`,
      'alerts',
      'alerts: 2001 alerts; at most 1000 are taken at once',
    ],
  ])('with %s is refused with the field, in words', (_, body, field, message) => {
    expect(parseNotification(body, NOW)).toEqual({ kind: 'refused', field, message });
  });

  it('never throws and never keeps more than it promises', () => {
    const label = fc.oneof(fc.string({ maxLength: 2_000 }), fc.integer(), fc.constant(null));
    const alert = fc.record(
      {
        status: fc.constantFrom('firing', 'resolved'),
        startsAt: fc.constantFrom('2026-01-01T00:00:00Z', 'x'),
        endsAt: fc.option(fc.string()),
        labels: fc.dictionary(fc.string(), label),
        annotations: fc.dictionary(fc.constantFrom('summary', 'description', 'other'), label),
      },
      { requiredKeys: ['status', 'startsAt'] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.record({ alerts: fc.array(alert, { maxLength: 5 }) }), fc.jsonValue()), (body) => {
        const parsed = parseNotification(JSON.stringify(body), NOW);
        if (parsed.kind === 'refused') return;
        for (const { summary, labels, name } of parsed.alerts) {
          expect(summary.length).toBeLessThanOrEqual(500);
          expect(name.length).toBeLessThanOrEqual(300);
          expect(Object.keys(labels).length).toBeLessThanOrEqual(64);
        }
      }),
    );
  });

  it('raised by mlfi itself is known by its origin', () => {
    expect(isOwnAlert({ labels: { origin: 'mlfi' } })).toBe(true);
    expect(isOwnAlert({ labels: { alertname: 'MlfiLookalike' } })).toBe(false);
  });
});

describe("Grafana's signature", () => {
  const secret = 'canary-secret';
  const body = '{"alerts":[]}';
  const sign = (text: string, key = secret): string => createHmac('sha256', key).update(text).digest('hex');
  const seconds = String(NOW / 1_000);

  it.each([
    ['a body', sign(body), undefined, 'valid'],
    ['time and body', sign(`${seconds}:${body}`), seconds, 'valid'],
    ['nothing', undefined, undefined, 'absent'],
    ['another key', sign(body, 'other'), undefined, 'wrong'],
    ['another body', sign(`${body} `), undefined, 'wrong'],
    ['a body, with a time that is not signed', sign(body), seconds, 'wrong'],
    ['no hexadecimal', 'zz', undefined, 'wrong'],
    ['an old time', sign(`${Number(seconds) - 301}:${body}`), String(Number(seconds) - 301), 'stale'],
    ['no time at all', sign(`soon:${body}`), 'soon', 'stale'],
  ])('over %s', (_, signature, timestamp, verdict) => {
    expect(verifyGrafanaSignature(secret, body, signature, timestamp, NOW)).toBe(verdict);
  });
});
