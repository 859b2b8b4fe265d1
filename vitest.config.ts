import { defineConfig } from 'vitest/config';

/** unit: no servers, seconds · integration: real servers started by the tests · accuracy: statistical bars · load and hostile: kills amid traffic and attacks, short unless MLFI_LONG=1. Each has its turn: Vitest runs nothing of projects that share one and differ in workers. */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 20_000,
          // Nothing in them outlives its file: loading the code once and not 180 times saves minutes.
          isolate: false,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'accuracy',
          sequence: { groupOrder: 2 },
          include: ['test/accuracy/**/*.test.ts'],
          testTimeout: 900_000,
          // They measure no time, so that both cores of a small machine may be used up.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // They mostly wait for intervals to pass: two at a time leave two cores idle for two fifths of it.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'load',
          sequence: { groupOrder: 3 },
          include: ['test/load/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'hostile',
          sequence: { groupOrder: 4 },
          include: ['test/hostile/**/*.test.ts'],
          testTimeout: 3_600_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
