import { expect, it } from 'vitest';
import type { Impact } from '../../../exporter/src/domain/impact.js';
import { isOtherSize } from '../../../exporter/src/incidents/incident-size.js';
import { evaluated, failed, rowsOf } from './evaluated-case.js';

const outage = (calls: number) => [
  ...rowsOf('before', 200),
  ...Array.from({ length: calls }, (_, i) => ({ ...failed('connect'), atMs: 60_000 * 60 + i })),
];
const toldOf = (calls: number) => evaluated({ rows: outage(calls), consecutiveFailures: calls });

it('an outage is told by the calls that failed, since they do', () => {
  const text = toldOf(12).explanation.paragraphs.join(' ');
  expect(text).toContain('12 of 12 calls failed since 1970-01-01 01:00');
  expect(text).not.toContain('Seen in');
});

it('no usual share of failures is told where there is none', () => {
  expect(toldOf(12).diagnosis.impact?.sentence).not.toContain('usual');
});

it('that refused connections do not time out speaks against nothing', () => {
  const [first] = toldOf(12).diagnosis.causes;
  expect(first?.id).toBe('model-unreachable');
  expect(first?.refuting.map(({ text }) => text)).not.toContain('The failing calls do not time out.');
});

it('a count that grows by a quarter is told at once: it must not stand still', () => {
  const at = (calls: number) => {
    const { findings, impact } = toldOf(calls).diagnosis;
    return { atMs: calls, findings, ...(impact === undefined ? {} : { impact }) };
  };
  expect([isOtherSize(at(12), at(14)), isOtherSize(at(12), at(15))]).toEqual([false, true]);
});

it('calls that fail in several ways are told as that, and at once as what they are', () => {
  const reasons = ['http_5xx', 'connect', 'timeout'] as const;
  const rows = Array.from({ length: 6 }, (_, i) => ({ ...failed(reasons[i % 3] ?? 'connect'), atMs: 60_000 * 60 + i }));
  const { diagnosis } = evaluated({
    rows: [...rowsOf('before', 200), ...rows],
    consecutiveFailures: 6,
    withBaseline: false,
  });
  expect(diagnosis.causes[0]?.title).toBe(
    'No call gets a prediction: they fail in several ways (HTTP 5xx error, no connection, timeout)',
  );
  expect(diagnosis.severity).toBe('critical');
});

it('how many calls were not answered is told anew, at most once a minute', () => {
  const at = (atMs: number, sentence: string) => ({
    atMs,
    findings: toldOf(12).diagnosis.findings,
    impact: { harm: 'no-answer', share: 1, sentence } as unknown as Impact,
  });
  expect(isOtherSize(at(0, '12 of 12'), at(61_000, '24 of 24'))).toBe(true);
  expect(isOtherSize(at(0, '12 of 12'), at(59_000, '24 of 24'))).toBe(false);
  expect(isOtherSize(at(0, '12 of 12'), at(61_000, '12 of 12'))).toBe(false);
});
