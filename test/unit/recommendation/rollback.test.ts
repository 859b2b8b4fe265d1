import { expect, it } from 'vitest';
import type { VersionStep } from '../../../exporter/src/domain/model.js';
import { DEFAULT_VERIFICATION_TIMES } from '../../../exporter/src/domain/recommendation.js';
import type { ChangeEvent } from '../../../exporter/src/domain/symptoms.js';
import { recommend } from '../../../exporter/src/recommendation/recommend.js';
import { evaluated, rowsOf } from '../rca/evaluated-case.js';

const { diagnosis } = evaluated({ rows: rowsOf('now').map((row) => ({ ...row, prediction: 'yes' })) });
const RELEASED: ChangeEvent = { atMs: 0, kind: 'model-version', text: 'from v1 to v2' };

function rollback(versionStep: VersionStep, changes: readonly ChangeEvent[]) {
  const proposals = recommend(
    { ...diagnosis, changes },
    {
      modelId: 'm',
      modelName: 'm',
      targets: [
        {
          executor: 'webhook',
          name: 'deployer',
          actions: ['rollback'],
          models: null,
          timeoutMs: 1_000,
          authorizationSecret: null,
          settings: { url: 'https://deployer.example' },
        },
      ],
      validation: null,
      track: () => null,
      successEstimate: () => ({ mean: 0.5, lowerQuantile20: 0.3, low: 0, high: 1 }),
      verification: DEFAULT_VERIFICATION_TIMES,
      hasBaseline: true,
      versionStep,
    },
  );
  return proposals.find(({ action }) => action === 'rollback') ?? expect.fail('no rollback is proposed');
}

it('rolls the version in service back to the one before, and tells who does it both', () => {
  const { title, steps, plan } = rollback({ from: 'v2', to: 'v1' }, [RELEASED]);
  expect(title).toBe('Roll m back from v2 to v1');
  expect(steps[0]).toBe('Put v1 back into service.');
  expect(plan?.parameters).toMatchObject({ action: 'rollback', version: 'v2', previous_version: 'v1' });
});

it('names no version that nobody knows', () => {
  expect(rollback({ from: 'v2', to: null }, [RELEASED]).title).toBe('Roll m back to a version before v2');
  expect(rollback({ from: null, to: null }, [RELEASED]).title).toBe('Roll m back to the previous version');
  const unseen = rollback({ from: 'v2', to: 'v1' }, []);
  expect(unseen.title).toBe('Roll m back to an earlier version');
  expect(unseen.plan?.parameters).not.toHaveProperty('previous_version');
});
