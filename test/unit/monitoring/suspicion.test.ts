import { describe, expect, it } from 'vitest';
import type { Sample } from '../../../exporter/src/domain/observation.js';
import { Suspicion } from '../../../exporter/src/monitoring/suspicion.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { observation } from '../detection/rows.js';

const sample = (confidence: number | null): Sample => ({ observation: observation({ confidence }), shape: null });

describe('a suspicion', () => {
  it('is raised by three answers below all before, once in ten minutes', () => {
    const suspicion = new Suspicion();
    const random = seededRandom('before');
    for (let i = 0; i < 30; i += 1) expect(suspicion.raisedBy([sample(0.6 + 0.35 * random.next())], i)).toBe(false);
    expect(suspicion.raisedBy([sample(0.2)], 31)).toBe(false);
    expect(suspicion.raisedBy([sample(0.15)], 32)).toBe(false);
    expect(suspicion.raisedBy([sample(null)], 33)).toBe(false);
    expect(suspicion.raisedBy([sample(0.25)], 34)).toBe(true);
    expect(suspicion.raisedBy([sample(0.1), sample(0.05), sample(0.01)], 35)).toBe(false);
    expect(suspicion.raisedBy([sample(0.009), sample(0.008), sample(0.007)], 600_100)).toBe(true);
  });

  it('needs twenty answers to compare with', () => {
    const suspicion = new Suspicion();
    for (let i = 0; i < 19; i += 1) suspicion.raisedBy([sample(0.9)], i);
    expect(suspicion.raisedBy([sample(0.1), sample(0.1), sample(0.1)], 20)).toBe(false);
  });

  it('is rare where nothing changes: fewer than one in 1,000 answers', () => {
    let raised = 0;
    const random = seededRandom('quiet');
    for (let run = 0; run < 40; run += 1) {
      const suspicion = new Suspicion();
      for (let i = 0; i < 500; i += 1) if (suspicion.raisedBy([sample(random.next())], i * 6_667)) raised += 1;
    }
    expect(raised / 20_000).toBeLessThan(1 / 1_000);
  });
});
