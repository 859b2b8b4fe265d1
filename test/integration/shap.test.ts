import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { baselineMasker } from '../../exporter/src/rca/attribution/masker.js';
import { createModelCaller } from '../../exporter/src/rca/attribution/model-caller.js';
import { shapleyValues, type ShapleyValues } from '../../exporter/src/rca/attribution/shapley.js';
import type { Features } from '../../exporter/src/domain/observation.js';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { MAY_SKIP, PYTHON, startPython, type PythonServer } from './servers/python-server.js';

interface Reference {
  readonly version: string;
  readonly names: readonly string[];
  readonly background: readonly (readonly number[])[];
  readonly rows: readonly (readonly number[])[];
  /** Interventional TreeSHAP of the probability, one list per row. */
  readonly values: readonly (readonly number[])[];
}

const CALLS = 512;
const ROWS = 5;

describe.skipIf(PYTHON === null && MAY_SKIP)('agreement with the shap package on a random forest behind HTTP', () => {
  let server: PythonServer;
  let reference: Reference;
  beforeAll(async () => {
    server = await startPython('tree_model.py', '/reference');
    reference = (await (await fetch(`${server.url}/reference`)).json()) as Reference;
  }, 180_000);
  afterAll(() => server?.stop());

  /** Shapley values of one row: the coalitions they need are noted first, then asked of the endpoint through the budgeted caller. */
  async function shapleyOf(
    row: readonly number[],
    seed: number,
  ): Promise<{ readonly ours: ShapleyValues; readonly calls: number }> {
    const named = (values: readonly number[]): Features =>
      Object.fromEntries(reference.names.map((name, i) => [name, values[i] ?? 0]));
    const masker = baselineMasker(named(row), named(reference.background[0] ?? []), reference.names);
    const caller = createModelCaller(
      async (features) => {
        const answer = await fetch(`${server.url}/predict`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(features),
        });
        return ((await answer.json()) as { confidence: number }).confidence;
      },
      { calls: CALLS, pauseMs: 0, failuresInRow: 3 },
      () => Promise.resolve(),
    );
    const players = reference.names.length;
    const wanted: (readonly boolean[])[] = [];
    const note = (coalition: readonly boolean[]): number => {
      wanted.push(coalition);
      return 0;
    };
    shapleyValues(players, note, CALLS, seededRandom(seed));
    const answers = new Map<string, number>();
    for (const coalition of wanted) {
      const said = await caller.ask(masker.mask(coalition));
      if (said === null) throw new Error('the model gave no answer within the budget');
      answers.set(String(coalition), said);
    }
    const ours = shapleyValues(
      players,
      (coalition) => answers.get(String(coalition)) ?? NaN,
      CALLS,
      seededRandom(seed),
    );
    return { ours, calls: caller.calls };
  }

  test(`Leverage SHAP with ${CALLS} calls a row is within its sampling error of TreeSHAP`, async () => {
    let worst = 0;
    let squares = 0;
    let size = 0;
    for (const [i, row] of reference.rows.slice(0, ROWS).entries()) {
      const theirs = reference.values[i] ?? [];
      const { ours, calls } = await shapleyOf(row, i);
      expect(ours.method).toBe('leverage');
      expect(ours.additivityGap).toBeLessThan(1e-9);
      expect(calls).toBeLessThanOrEqual(CALLS);
      ours.values.forEach((mine, feature) => {
        const difference = Math.abs(mine - (theirs[feature] ?? NaN));
        worst = Math.max(worst, difference / ((ours.standardErrors[feature] ?? 0) + 2e-4));
        squares += difference ** 2;
        size += (theirs[feature] ?? 0) ** 2;
      });
    }
    process.stdout.write(
      `    shap ${reference.version}: ‖ours − theirs‖²/‖theirs‖² ${(squares / size).toExponential(1)}, worst ${worst.toFixed(1)} standard errors\n`,
    );
    expect(squares / size).toBeLessThan(2e-3);
    expect(worst).toBeLessThan(5);
  }, 180_000);
});
