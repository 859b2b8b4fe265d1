import { aGoldenInput } from '../test-data';
import { goldenCounts, pictureKindOf, signalOf } from './picture-kind';

const distribution = (signal: string) => ({ signal, bins: null, before: null, now: null });
const signals = ['confidence', 'feature:income', 'latency_seconds', 'prediction'].map(distribution);

describe('the picture of a cause', () => {
  it.each([
    ['unit-change', 'accuracy', 'feature:income'],
    ['endpoint-errors', 'failures', undefined],
    ['slow-endpoint', 'latency', 'latency_seconds'],
    ['concept-drift', 'accuracy', 'prediction'],
    ['model-changed', 'confidence', undefined],
    ['prediction-collapse', 'confidence', 'prediction'],
  ] as const)('of %s shows %s over time beside %s', (id, measure, signal) => {
    const cause = { id, features: ['income'] };
    const kind = pictureKindOf(cause);
    expect(kind.measures[0]).toBe(measure);
    expect(signalOf(kind, cause, signals)?.signal).toBe(signal);
  });
  it('shows the confidence where features are blamed and none is named, or no cause is known', () => {
    expect(pictureKindOf({ id: 'input-drift', features: [] }).beside).toBe('confidence');
    expect(pictureKindOf(undefined).beside).toBe('confidence');
  });
  it('counts golden inputs by what became of their answers', () => {
    const inputs = [
      aGoldenInput(),
      aGoldenInput({ verdict: 'answer-changed' }),
      aGoldenInput({ verdict: 'unanswered' }),
    ];
    expect(goldenCounts(inputs)).toEqual({ same: 1, moved: 0, changed: 1 });
  });
});
