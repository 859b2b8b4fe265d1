import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSeverity, type Severity } from '../../../exporter/src/domain/severity.js';
import { followSeverity, startSeverity, type SeverityHysteresis } from '../../../exporter/src/incidents/hysteresis.js';

const HYSTERESIS = { change: 2, milder: 30 };

/** Severity after each evaluation. */
function followed(first: Severity, looks: readonly Severity[]): Severity[] {
  let tracking: SeverityHysteresis = startSeverity(first);
  return looks.map((judged) => {
    tracking = followSeverity(tracking, judged, HYSTERESIS);
    return tracking.severity;
  });
}
const many = (severity: Severity, count: number): Severity[] => Array.from({ length: count }, () => severity);

describe('the severity of an open incident', () => {
  it('stays while looks go up and down by one level at a time', () => {
    const looks = Array.from({ length: 200 }, (_, i): Severity => (i % 2 === 0 ? 'critical' : 'high'));
    expect(new Set(followed('high', looks))).toEqual(new Set(['high']));
    expect(new Set(followed('critical', looks))).toEqual(new Set(['critical']));
  });

  it('rises at the second evaluation in a row that is worse, and no further than both say', () => {
    expect(followed('low', ['high', 'critical', 'critical', 'critical'])).toEqual(['low', 'high', 'high', 'critical']);
    expect(followed('low', ['high', 'low', 'high', 'low', 'high'])).toEqual(many('low', 5));
  });

  it('falls once thirty looks in a row were milder, and no further than the worst of them', () => {
    expect(followed('critical', many('medium', 29)).at(-1)).toBe('critical');
    expect(followed('critical', many('medium', 30)).at(-1)).toBe('medium');
    expect(followed('critical', [...many('low', 10), 'high', ...many('low', 19)]).at(-1)).toBe('high');
    expect(followed('critical', [...many('low', 29), 'critical', ...many('low', 29)]).at(-1)).toBe('critical');
  });

  it('falls at most once in thirty looks, whatever the looks say', () => {
    const looks = fc.array(fc.constantFrom<Severity>('low', 'medium', 'high', 'critical'), { maxLength: 240 });
    fc.assert(
      fc.property(looks, (judged) => {
        const tracking = ['low' as Severity, ...followed('low', judged)];
        const falls = tracking.flatMap((now, i) => (compareSeverity(now, tracking[i - 1] ?? now) < 0 ? [i] : []));
        for (let i = 1; i < falls.length; i += 1)
          expect((falls[i] ?? 0) - (falls[i - 1] ?? 0)).toBeGreaterThanOrEqual(30);
      }),
      { seed: 4 },
    );
  });
});
