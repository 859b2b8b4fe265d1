import { modelId, type ModelId } from '../../domain/identifiers.js';
import type { Executor } from '../../domain/ports.js';

/** Starts a new baseline version of the model. Runs inside mlfi, so doing it twice only starts learning again. */
export function createRebaselineExecutor(rebaseline: (model: ModelId) => Promise<void>): Executor {
  return {
    id: 'rebaseline',
    repetition: 'idempotent',
    prepare: (plan) =>
      Promise.resolve({
        kind: 'ready',
        text: `would start learning a new baseline of ${plan.target}; the old version is kept`,
      }),
    async execute(plan) {
      try {
        await rebaseline(modelId(plan.target));
        return { kind: 'succeeded', detail: 'a new baseline is being learnt' };
      } catch (error) {
        return { kind: 'failed', detail: error instanceof Error ? error.message : 'the baseline could not be reset' };
      }
    },
    lookup: () => Promise.resolve({ kind: 'unknown', detail: 'it is not recorded whether learning was started' }),
  };
}
