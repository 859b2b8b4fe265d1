import { expect, it } from 'vitest';
import { remember } from '../../../exporter/src/incident-history/remember.js';
import { approvedAction, deciding } from '../../fixtures/approved-action.js';
import { storeOfTheFile } from '../governance/scheduled-store.js';

const file = storeOfTheFile();

it('remembers an incident under the cause that an action helped against, whatever was looked into afterwards', async () => {
  const governance = deciding().on(file.store);
  const { open, recommendation } = await approvedAction(file.store, governance);
  const record = await governance.record(recommendation.id);
  const later = {
    ...open,
    explanation: { ...open.explanation, headline: 'looking into it: Join lost' },
    diagnosis: { ...open.diagnosis, causes: [] },
  };
  expect(recommendation.cause).not.toBe('none');
  expect(remember(later, [record])).toMatchObject({ cause: 'none', headline: 'looking into it: Join lost' });
  const executionId = record.execution?.id ?? expect.fail('nothing is to be executed');
  const verification = {
    executionId,
    outcome: 'recovered',
    detail: 'it stayed clear',
    atMs: 2_000,
  } as const;
  const helped = { ...record, verification };
  expect(remember(later, [helped])).toMatchObject({
    cause: recommendation.cause,
    headline: `“${recommendation.title}” helped. Afterwards: looking into it: Join lost`,
    actions: [{ action: recommendation.action, outcome: 'recovered' }],
  });
});
