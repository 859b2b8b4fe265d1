import type { Cause, GoldenInput, SignalDistribution } from '../api/types';
import type { Measure } from '../components/measures';

/** What shows a cause at a glance: a figure over time, and beside it what it was before and is now. */
export interface PictureKind {
  measures: Measure[];
  beside: 'feature' | 'confidence' | 'prediction' | 'latency' | 'golden' | 'segments' | 'none';
}

const SERVICE: PictureKind = { measures: ['failures', 'samples'], beside: 'none' };
const FEATURE: PictureKind = { measures: ['accuracy', 'confidence'], beside: 'feature' };
const GOLDEN: PictureKind = { measures: ['confidence', 'accuracy'], beside: 'golden' };
const CONFIDENCE: PictureKind = { measures: ['confidence', 'accuracy'], beside: 'confidence' };

const KINDS: Partial<Record<Cause['id'], PictureKind>> = {
  'model-unreachable': SERVICE,
  'endpoint-errors': SERVICE,
  'overloaded-endpoint': { measures: ['failures', 'latency'], beside: 'latency' },
  'answer-schema-changed': SERVICE,
  'segment-outage': { measures: ['failures', 'samples'], beside: 'segments' },
  'slow-endpoint': { measures: ['latency'], beside: 'latency' },
  'model-changed': GOLDEN,
  'threshold-moved': { measures: ['confidence', 'accuracy'], beside: 'prediction' },
  'unstable-model': GOLDEN,
  'underconfident-model': CONFIDENCE,
  'calibration-decay': CONFIDENCE,
  'prediction-collapse': { measures: ['confidence', 'accuracy'], beside: 'prediction' },
  'concept-drift': { measures: ['accuracy', 'confidence'], beside: 'prediction' },
  'segment-concept-drift': { measures: ['accuracy', 'confidence'], beside: 'segments' },
  'labels-wrong': { measures: ['accuracy', 'confidence'], beside: 'prediction' },
  'label-delay': { measures: ['accuracy'], beside: 'prediction' },
  unknown: CONFIDENCE,
};

/** The picture of a cause; whatever blames features shows the first of them. */
export function pictureKindOf(cause: Pick<Cause, 'id' | 'features'> | undefined): PictureKind {
  const kind = cause === undefined ? CONFIDENCE : (KINDS[cause.id] ?? FEATURE);
  return kind.beside === 'feature' && cause?.features.length === 0 ? { ...kind, beside: 'confidence' } : kind;
}

/** The signal whose distribution before and now is drawn; undefined when there is none. */
export function signalOf(
  kind: PictureKind,
  cause: Pick<Cause, 'features'> | undefined,
  signals: SignalDistribution[]
): SignalDistribution | undefined {
  const names: Record<PictureKind['beside'], string | null> = {
    feature: `feature:${cause?.features[0] ?? ''}`,
    confidence: 'confidence',
    prediction: 'prediction',
    latency: 'latency_seconds',
    golden: null,
    segments: null,
    none: null,
  };
  const name = names[kind.beside];
  return name === null
    ? undefined
    : signals.find(({ signal }) => signal === name || signal === name.replace(/^feature:/, ''));
}

/** Golden inputs counted by what became of their answers. */
export function goldenCounts(inputs: GoldenInput[]) {
  const of = (verdict: GoldenInput['verdict']) => inputs.filter((input) => input.verdict === verdict).length;
  return { same: of('same'), moved: of('confidence-moved'), changed: of('answer-changed') };
}
