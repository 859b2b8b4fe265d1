import { beforeAll, describe, expect, it } from 'vitest';
import type { AdultRow } from '../../../exporter/demo/tabular/adult.js';
import { faultFrom, faultyFeatures, trueLabel, type TabularFault } from '../../../exporter/demo/tabular/faults.js';
import { accuracyOf, type IncomeModel } from '../../../exporter/demo/tabular/forest.js';
import { servingModel, trainTabular, type TabularModel } from '../../../exporter/demo/tabular/tabular-model.js';
import { readAdult } from '../../../exporter/demo/tabular/adult.js';
import { startDemoModels } from '../../../exporter/demo/server.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { systemClock } from '../../../exporter/src/system/system-clock.js';

describe('the tabular model', () => {
  let tabular: TabularModel;
  beforeAll(() => {
    tabular = trainTabular(seededRandom(7));
  }, 120_000);

  it('reads all rows the repository ships', () => {
    const rows = readAdult();
    expect(rows).toHaveLength(9_000);
    expect(rows[0]).toEqual({
      features: {
        age: 23,
        workclass: 'Private',
        'education-num': 1,
        'marital-status': 'Never-married',
        occupation: 'Other-service',
        'capital-gain': 0,
        'capital-loss': 0,
        'hours-per-week': 40,
      },
      label: '<=50K',
    });
    expect(rows.some(({ features }) => features.occupation === null)).toBe(true);
  });

  it('beats the majority class on held-out rows by more than 3 points', () => {
    expect(tabular.heldOut).toHaveLength(7_500);
    expect(tabular.majorityAccuracy).toBeGreaterThan(0.74);
    expect(tabular.accuracy).toBeGreaterThan(tabular.majorityAccuracy + 0.03);
  });

  it('gives confidences that mean something: surer answers are more often right', () => {
    const accuracyWhere = (low: number, high: number): number =>
      accuracyOf(
        tabular.model,
        tabular.heldOut.filter(({ features }) => {
          const { confidence } = tabular.model(features);
          return confidence >= low && confidence < high;
        }),
      );
    expect(accuracyWhere(0.9, 1.01)).toBeGreaterThan(0.93);
    expect(accuracyWhere(0.5, 0.65)).toBeLessThan(0.75);
  });

  it('is the same forest for the same seed and another one for another', () => {
    const answers = (model: IncomeModel): string =>
      JSON.stringify(tabular.heldOut.slice(0, 300).map(({ features }) => model(features)));
    expect(answers(trainTabular(seededRandom(7)).model)).toBe(answers(tabular.model));
    expect(answers(trainTabular(seededRandom(8)).model)).not.toBe(answers(tabular.model));
  }, 120_000);

  it('answers rows with missing values and categories never seen', () => {
    const [row] = tabular.heldOut as [AdultRow];
    const empty = Object.fromEntries(Object.keys(row.features).map((key) => [key, null])) as AdultRow['features'];
    for (const features of [empty, { ...row.features, occupation: 'Astronaut' }]) {
      const { confidence } = tabular.model(features);
      expect(confidence).toBeGreaterThanOrEqual(0.5);
      expect(confidence).toBeLessThanOrEqual(1);
    }
  });

  it('is worse when swapped: less accurate, less sure', () => {
    const swapped = servingModel(tabular, { kind: 'model_swapped' });
    expect(swapped).toBe(tabular.swapped);
    expect(servingModel(tabular, { kind: 'none' })).toBe(tabular.model);
    expect(tabular.swappedAccuracy).toBeLessThan(tabular.accuracy - 0.01);
    const meanConfidence = (model: IncomeModel): number =>
      tabular.heldOut.slice(0, 500).reduce((sum, { features }) => sum + model(features).confidence, 0) / 500;
    expect(meanConfidence(swapped)).toBeLessThan(meanConfidence(tabular.model) - 0.05);
  });

  it('serves and switches over HTTP; the swapped model keeps the version label', async () => {
    const demo = await startDemoModels({ port: 0, clock: systemClock, random: seededRandom(3), tabular });
    const post = async (path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> => {
      const response = await fetch(new URL(path, demo.urlOf('tabular')), {
        method: 'POST',
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    try {
      const row = tabular.heldOut.find(({ features }) => tabular.model(features).prediction === '>50K') as AdultRow;
      const before = await post('/tabular/predict', row.features);
      expect(before).toMatchObject({ status: 200, body: { prediction: '>50K', model_version: 'adult-forest-1' } });
      expect(before.body['confidence']).toBeCloseTo(tabular.model(row.features).confidence, 5);

      const change = { unit_change: { feature: 'hours-per-week', factor: 100 } };
      expect(await post('/tabular/switch', change)).toMatchObject({
        status: 200,
        body: { kind: 'unit_change', feature: 'hours-per-week', factor: 100 },
      });
      expect(demo.switches.get()).toEqual({ kind: 'unit_change', feature: 'hours-per-week', factor: 100 });
      expect((await post('/tabular/predict', row.features)).body).toEqual(before.body);

      expect((await post('/tabular/switch', 'model_swapped')).status).toBe(200);
      const after = await post('/tabular/predict', row.features);
      expect(after.body['model_version']).toBe('adult-forest-1');
      expect(after.body['confidence']).not.toBe(before.body['confidence']);
      expect((await post('/tabular/switch', 'none')).body).toEqual({ kind: 'none' });
      expect((await post('/tabular/predict', row.features)).body).toEqual(before.body);

      expect((await post('/tabular/switch', 'set_fire')).status).toBe(422);
      expect((await post('/tabular/switch', { unit_change: { feature: 'occupation', factor: 2 } })).status).toBe(422);
      const wrong = await post('/tabular/predict', { ...row.features, age: 'old' });
      expect(wrong.status).toBe(422);
      expect(String(wrong.body['detail'])).toContain('"age"');
      const missing = await post('/tabular/predict', { age: 3 });
      expect(missing.status).toBe(422);
    } finally {
      await demo.close();
    }
  });
});

describe('faults of the tabular traffic', () => {
  const rows = readAdult().slice(0, 1_000);
  const random = seededRandom(11);
  const faulty = (fault: TabularFault): AdultRow['features'][] =>
    rows.map(({ features }) => faultyFeatures(fault, features, random));

  it('unit_change multiplies one number and leaves the rest', () => {
    faulty({ kind: 'unit_change', feature: 'hours-per-week', factor: 100 }).forEach((features, index) => {
      const original = rows[index]?.features;
      expect(features).toEqual({ ...original, 'hours-per-week': Number(original?.['hours-per-week']) * 100 });
    });
  });

  it('null_flood empties the asked share of one feature', () => {
    const missing = faulty({ kind: 'null_flood', feature: 'age', share: 0.6 }).filter(({ age }) => age === null).length;
    expect(missing).toBeGreaterThan(540);
    expect(missing).toBeLessThan(660);
  });

  it('category_rename renames one category everywhere', () => {
    const renamed = faulty({ kind: 'category_rename', feature: 'workclass', from: 'Private', to: 'PRIVATE_SECTOR' });
    expect(renamed.some(({ workclass }) => workclass === 'Private')).toBe(false);
    expect(renamed.filter(({ workclass }) => workclass === 'PRIVATE_SECTOR').length).toBe(
      rows.filter(({ features }) => features.workclass === 'Private').length,
    );
  });

  it('model and concept faults leave the features alone', () => {
    for (const kind of ['none', 'model_swapped', 'concept_flip'] as const) {
      expect(faulty(faultFrom(kind) as TabularFault)).toEqual(rows.map(({ features }) => features));
    }
  });

  it('concept_flip turns the truth over inside its segment only', () => {
    const fault = faultFrom({ concept_flip: { feature: 'marital-status', value: 'Divorced' } }) as TabularFault;
    for (const row of rows) {
      const flipped = trueLabel(fault, row) !== row.label;
      expect(flipped).toBe(row.features['marital-status'] === 'Divorced');
      expect(trueLabel({ kind: 'none' }, row)).toBe(row.label);
    }
  });

  it('reads names and settings of faults, nothing else', () => {
    expect(faultFrom('null_flood')).toEqual({ kind: 'null_flood', feature: 'occupation', share: 0.6 });
    expect(faultFrom({ null_flood: { feature: 'age', share: 1 } })).toEqual({
      kind: 'null_flood',
      feature: 'age',
      share: 1,
    });
    for (const wrong of [null, 7, '', {}, { null_flood: { feature: 'age', share: 2 } }, { none: 1, extra: 2 }]) {
      expect(faultFrom(wrong)).toBeNull();
    }
  });
});
