import { between, pick, truth, type FaultKind, type Injection } from '../fault.js';

const logit = (p: number): number =>
  Math.log(Math.min(1 - 1e-6, Math.max(1e-6, p)) / (1 - Math.min(1 - 1e-6, Math.max(1e-6, p))));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The model or its serving changed: the same question is answered differently. */
export const MODEL_FAULTS: readonly FaultKind[] = [
  {
    id: 'model swapped for an older one',
    draw: (model, random) => {
      const declared = random.next();
      const swapped: Injection = { truth: truth('model-changed'), scorer: model.older };
      if (declared < 0.35) return { ...swapped, version: 'v1' };
      if (declared < 0.55)
        return { ...swapped, changes: [{ kind: 'deployment', text: 'Deployment of the model server.' }] };
      return swapped;
    },
  },
  {
    id: 'quantised or miscalibrated model',
    draw: (_, random) => {
      const temperature = pick([0.4, 2.2, 3], random);
      const steps = pick([8, 16, 1_000], random);
      return {
        truth: truth('calibration-decay'),
        adjust: (score) => Math.round(sigmoid(logit(score) / temperature) * steps) / steps,
      };
    },
  },
  {
    id: 'threshold moved',
    draw: (_, random) => ({
      truth: truth('threshold-moved'),
      threshold: pick([0.25, 0.3, 0.7, 0.75], random),
    }),
  },
  {
    id: 'schema change in the answer',
    draw: (_, random) =>
      random.next() < 0.5
        ? { truth: truth('answer-schema-changed'), shape: 'result.class:string,result.score:number' }
        : {
            truth: truth('answer-schema-changed'),
            failure: (live) => (live.random.next() < 0.95 ? 'schema' : null),
          },
  },
  {
    id: 'constant answers',
    draw: (model, random) => {
      const constant = pick(model.classes, random);
      const confidence = between(0.7, 0.99, random);
      return {
        truth: truth('prediction-collapse'),
        predict: () => constant,
        confidence: () => confidence,
      };
    },
  },
  {
    id: 'confidence slides',
    draw: (_, random) => {
      const most = between(0.2, 0.4, random);
      return {
        truth: truth('calibration-decay'),
        confidence: (confidence, { progress }) => Math.max(0.05, confidence - most * progress),
      };
    },
  },
  {
    id: 'unstable answers',
    draw: (model, random) => {
      const share = between(0.5, 1, random);
      return {
        golden: true,
        truth: truth('unstable-model'),
        predict: (prediction, live) => (live.random.next() < share ? pick(model.classes, live.random) : prediction),
        confidence: (confidence, live) => (live.random.next() < share ? live.random.next() : confidence),
      };
    },
  },
  {
    id: 'underconfident from the start',
    draw: (_, random) => {
      const level = between(0.1, 0.35, random);
      return {
        withoutBaseline: true,
        truth: truth('underconfident-model'),
        confidence: (confidence, live) => level + 0.05 * confidence + 0.02 * live.random.next(),
      };
    },
  },
];
