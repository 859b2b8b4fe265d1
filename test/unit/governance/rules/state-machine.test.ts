import { expect, it } from 'vitest';
import { RECOMMENDATION_STATES } from '../../../../exporter/src/domain/recommendation.js';
import { mayMove, TRANSITIONS } from '../../../../exporter/src/governance/rules/state-machine.js';

it('reaches every state from pending, and leaves no final one', () => {
  const reached = new Set(['pending']);
  for (let grew = true; grew;) {
    grew = false;
    for (const from of RECOMMENDATION_STATES) {
      if (!reached.has(from)) continue;
      for (const to of TRANSITIONS[from]) {
        if (!reached.has(to)) grew = true;
        reached.add(to);
      }
    }
  }
  expect([...reached].sort()).toEqual([...RECOMMENDATION_STATES].sort());
});

it('never lets what was not approved be dispatched, and nothing be dispatched twice', () => {
  expect(RECOMMENDATION_STATES.filter((from) => mayMove(from, 'dispatching'))).toEqual(['approved']);
  expect(mayMove('unknown', 'dispatching')).toBe(false);
  expect(mayMove('dispatching', 'approved')).toBe(false);
});
