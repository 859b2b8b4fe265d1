import { expect, it } from 'vitest';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import { proposalOnRequest } from '../../../exporter/src/recommendation/on-request.js';
import { evaluated, rowsOf } from '../rca/evaluated-case.js';

const { diagnosis } = evaluated({
  rows: rowsOf('now').map((row) => ({ ...row, features: { ...row.features, n1: Number(row.features?.n1) * 100 } })),
});
const [first] = diagnosis.causes;
const context = {
  modelId: diagnosis.modelId,
  modelName: 'm',
  targets: [],
  track: () => null,
  validation: null,
  versionStep: { from: null, to: null },
  verification: DEFAULT_VERIFICATION_TIMES,
} as unknown as Parameters<typeof proposalOnRequest>[4];

it('is against the first cause, or against the one that is named', () => {
  if (first === undefined) return expect.fail('there is no cause');
  const wrong = { ...first, id: 'new-categories', features: ['c1'], probability: 1 } as const;
  const told = { ...diagnosis, causes: [wrong, ...diagnosis.causes], features: ['c1'] };
  expect(proposalOnRequest('fix-pipeline', 'n1 is in cents', told, null, context)).toMatchObject({
    cause: 'new-categories',
  });
  const named = proposalOnRequest('fix-pipeline', 'n1 is in cents', told, 'unit-change', context);
  expect(named).toMatchObject({ cause: 'unit-change', why: 'n1 is in cents' });
  expect(named.title).toContain('n1');
  expect(named.verification?.subjects).toContain('feature:n1');
  expect(() => proposalOnRequest('fix-pipeline', 'why', told, 'null-flood', context)).toThrow('none of the incident’s');
});
