import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../faults/kinds/index.js';
import { trainZooModels } from '../faults/models/index.js';
import { replay, zooCases } from '../faults/replay.js';
import { faultsOf } from '../unit/explanation/sentence-faults.js';

/** Faulty requests after which it is looked at on the way: stories contradict themselves most while a window fills. */
const CHECKPOINTS = [60, 160];
/** Every kind in the long form, else every third. */
const EVERY = process.env['MLFI_LONG'] === '1' ? 1 : 3;

describe('what is said of every kind of fault', () => {
  const [model, ...others] = trainZooModels();
  const models = model === undefined ? others : [model];

  const cases = zooCases(FAULT_KINDS, models, 'test', 1).filter((_, i) => i % EVERY === 0);
  it.each(cases.map((zooCase) => [zooCase.kind.id, zooCase] as const))(
    'contradicts nothing else that is said: %s',
    (_, zooCase) => {
      const { evaluation, onTheWay } = replay(zooCase, CHECKPOINTS);
      for (const one of [...onTheWay.map(({ evaluation: early }) => early), evaluation])
        expect(faultsOf(one)).toEqual([]);
    },
  );
});
