import { describe, expect, it } from 'vitest';
import { followSeverity, startSeverity, type SeverityHysteresis } from '../../../exporter/src/incidents/hysteresis.js';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { failed, golden, evaluated, rowsOf } from './evaluated-case.js';

const WINDOW = 60;
const HYSTERESIS = { change: 2, milder: 30 };
/** Seven calls in ten fail with status 500; the others get one and the same unsure answer. */
const broken = (count: number): Observation[] =>
  rowsOf('broken', count).map((row, i) =>
    i % 10 < 7 ? failed('http_5xx', 500) : { ...row, prediction: 'neutral', confidence: 0.4 },
  );

/** A window of the newest calls, looked at after every fifth call from the first faulty one on. */
const looks = Array.from({ length: 24 }, (_, i) => {
  const faulty = broken(5 * (i + 1));
  return evaluated({ rows: [...rowsOf('well', WINDOW), ...faulty].slice(-WINDOW), now: golden('neutral', 0.4) });
});

describe('a server that answers 500 mostly and nonsense else, while the window fills', () => {
  it('is named for its errors from the time most calls fail, and never for how unsure it is', () => {
    for (const { diagnosis, symptoms } of looks) {
      const [first] = diagnosis.causes;
      expect(first?.id).not.toBe('underconfident-model');
      if (symptoms.service.failures.interval.low >= 0.5) expect(first?.id).toBe('endpoint-errors');
    }
    expect(looks.at(-1)?.diagnosis.causes[0]?.probability).toBeGreaterThan(0.5);
  });

  it('becomes more severe, and never milder again', () => {
    let tracking: SeverityHysteresis | null = null;
    const severities = looks.flatMap(({ diagnosis }) => {
      if (diagnosis.severity === 'none' && tracking === null) return [];
      tracking =
        tracking === null
          ? startSeverity(diagnosis.severity)
          : followSeverity(tracking, diagnosis.severity, HYSTERESIS);
      return [tracking.severity];
    });
    const ranks = severities.map((severity) => ['none', 'low', 'medium', 'high', 'critical'].indexOf(severity));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(severities.at(-1)).toBe('critical');
  });
});

describe('refusals', () => {
  const inBursts = (status: number | null): Observation[] =>
    rowsOf('bursts').map((row, i) => (i % 20 < 6 ? failed('http_5xx', status) : row));

  it('with status 503 in bursts show an overloaded server, with 500 a faulty one', () => {
    expect(evaluated({ rows: inBursts(503) }).diagnosis.causes[0]?.id).toBe('overloaded-endpoint');
    expect(evaluated({ rows: inBursts(500) }).diagnosis.causes[0]?.id).toBe('endpoint-errors');
    expect(['overloaded-endpoint', 'endpoint-errors']).toContain(
      evaluated({ rows: inBursts(null) }).diagnosis.causes[0]?.id,
    );
  });
});
