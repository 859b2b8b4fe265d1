import { expect, it } from 'vitest';
import { detect } from '../../../exporter/src/detection/detect.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import { evaluated, rowsOf, stateOf } from '../rca/evaluated-case.js';
import { alarmOf } from './rows.js';

/** Latencies spread more than they did: the e-detector of their spread says so, whichever way they went. */
const evidence = alarmOf('latency_seconds', 'spread');

it.each([
  { factor: 0.3, direction: 'down', kind: 'note', isSlow: false },
  { factor: 1, direction: 'changed', kind: 'note', isSlow: false },
  { factor: 2, direction: 'up', kind: 'service', isSlow: true },
])('tells by its mean where a latency × $factor went that spreads otherwise', ({ factor, direction, kind, isSlow }) => {
  const rows = rowsOf('now').map((row) => ({ ...row, latencySeconds: factor * (row.latencySeconds ?? 0) }));
  const { findings } = detect(stateOf({ rows, evidence }), DEFAULT_THRESHOLDS, 1_000);
  expect(findings.find(({ subject }) => subject === 'latency_seconds')).toMatchObject({ direction, kind });
  const causes = evaluated({ rows, evidence }).diagnosis.causes.map(({ id }) => id);
  expect(causes.includes('slow-endpoint')).toBe(isSlow);
});

it('takes a latency whose level rose, and is below what it was by now, for no harm', () => {
  const rows = rowsOf('now').map((row) => ({ ...row, latencySeconds: 0.9 * (row.latencySeconds ?? 0) }));
  const risen = alarmOf('latency_seconds', 'level');
  const { findings } = detect(stateOf({ rows, evidence: risen }), DEFAULT_THRESHOLDS, 1_000);
  expect(findings.find(({ subject }) => subject === 'latency_seconds')).toMatchObject({ kind: 'note' });
});
