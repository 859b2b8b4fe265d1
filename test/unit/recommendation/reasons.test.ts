import { expect, it } from 'vitest';
import type { RuleSubject } from '../../../exporter/src/recommendation/rule.js';
import { EACH_CALL_FAILS, RULES } from '../../../exporter/src/recommendation/rules.js';
import { evaluated, rowsOf } from '../rca/evaluated-case.js';

const { diagnosis } = evaluated({ rows: rowsOf('now') });
const supporting = [{ text: 'The strongest reason.', logOdds: 1 }];
const causes = diagnosis.causes.map((cause) => ({ ...cause, supporting }));
const subject = {
  diagnosis: { ...diagnosis, causes },
  context: { modelName: 'm', versionStep: { from: null, to: null } },
  features: ['x'],
} as unknown as RuleSubject;

it.each([...Object.entries(RULES), ['each call fails', EACH_CALL_FAILS] as const])(
  'gives each action for %s a reason of its own',
  (_, rules) => {
    const reasons = rules.map(({ why }) => why(subject));
    expect(new Set(reasons).size).toBe(reasons.length);
  },
);
