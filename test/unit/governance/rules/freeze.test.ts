import { describe, expect, it } from 'vitest';
import type { Freeze } from '../../../../exporter/src/domain/decision-policy.js';
import { freezeAt } from '../../../../exporter/src/governance/rules/freeze.js';

const at = (text: string): number => Date.parse(text);
const frozen = (freeze: Freeze, text: string): boolean => freezeAt([freeze], at(text)) !== null;

describe('a freeze', () => {
  it('of once holds from its first moment to before its last', () => {
    const freeze: Freeze = {
      kind: 'once',
      name: 'year-end',
      fromMs: at('2026-12-20T00:00:00Z'),
      untilMs: at('2027-01-05T00:00:00Z'),
    };
    expect(frozen(freeze, '2026-12-19T23:59:59.999Z')).toBe(false);
    expect(frozen(freeze, '2026-12-20T00:00:00Z')).toBe(true);
    expect(frozen(freeze, '2027-01-04T23:59:59.999Z')).toBe(true);
    expect(frozen(freeze, '2027-01-05T00:00:00Z')).toBe(false);
  });

  it('of every week follows the wall clock of its zone, over midnight and over the change of the clocks', () => {
    const freeze: Freeze = {
      kind: 'weekly',
      name: 'weekend',
      days: [5],
      fromMinute: 18 * 60,
      untilMinute: 8 * 60,
      timeZone: 'Europe/Berlin',
    };
    // Friday 27 November 2026, winter: Berlin is UTC+1.
    expect(frozen(freeze, '2026-11-27T16:59:00Z')).toBe(false);
    expect(frozen(freeze, '2026-11-27T17:00:00Z')).toBe(true);
    expect(frozen(freeze, '2026-11-28T06:59:00Z')).toBe(true);
    expect(frozen(freeze, '2026-11-28T07:00:00Z')).toBe(false);
    // Friday 26 June 2026, summer: UTC+2.
    expect(frozen(freeze, '2026-06-26T15:59:00Z')).toBe(false);
    expect(frozen(freeze, '2026-06-26T16:00:00Z')).toBe(true);
    // A Thursday evening is no Friday evening.
    expect(frozen(freeze, '2026-11-26T20:00:00Z')).toBe(false);
  });

  it('of a whole day ends at its midnight', () => {
    const freeze: Freeze = {
      kind: 'weekly',
      name: 'sunday',
      days: [0],
      fromMinute: 0,
      untilMinute: 1_440,
      timeZone: 'UTC',
    };
    expect(frozen(freeze, '2026-11-29T00:00:00Z')).toBe(true);
    expect(frozen(freeze, '2026-11-29T23:59:59Z')).toBe(true);
    expect(frozen(freeze, '2026-11-30T00:00:00Z')).toBe(false);
  });
});
