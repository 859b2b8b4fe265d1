import type { ModelStatus } from '../src/domain/model-status.js';
import type { CauseId } from '../src/domain/cause.js';
import type { Severity } from '../src/domain/severity.js';

/** What the investigator must say about one sample model. */
export interface Expectation {
  readonly model: string;
  /** Any of these is right. `none`: the model must be found healthy. */
  readonly causes: readonly CauseId[];
  readonly severities: readonly Severity[];
  /** The feature that must be named, if any. */
  readonly feature: string | null;
}

/** One line per sample model: what is wrong with it, and how bad that is for its users. */
export const EXPECTATIONS: readonly Expectation[] = [
  { model: 'healthy', causes: ['none'], severities: ['none'], feature: null },
  { model: 'low-confidence', causes: ['underconfident-model'], severities: ['high'], feature: null },
  { model: 'random', causes: ['unstable-model'], severities: ['high'], feature: null },
  { model: 'drifting', causes: ['model-changed', 'calibration-decay'], severities: ['high'], feature: null },
  { model: 'broken', causes: ['model-unreachable'], severities: ['critical'], feature: null },
  {
    model: 'flapping',
    causes: ['overloaded-endpoint', 'endpoint-errors'],
    severities: ['high', 'critical'],
    feature: null,
  },
  { model: 'silent', causes: ['prediction-collapse'], severities: ['critical'], feature: null },
  { model: 'tabular', causes: ['unit-change'], severities: ['low', 'medium', 'high'], feature: 'hours-per-week' },
];

export type Verdict =
  | { readonly kind: 'reached'; readonly text: string }
  /** `text` says what is there instead. */
  | { readonly kind: 'open'; readonly text: string };

/** Compares what is known of a model with what is expected. `minimumSamples`: a healthy verdict needs an evaluated window of that size. */
export function verdictOn(status: ModelStatus, expectation: Expectation, minimumSamples: number): Verdict {
  const { incident } = status;
  if (expectation.causes.includes('none')) return healthyVerdict(status, minimumSamples);
  if (incident === null) return { kind: 'open', text: status.baseline === null ? 'learning' : 'no incident yet' };
  const [cause] = incident.diagnosis.causes;
  const found = `${cause?.id ?? 'none'} (${incident.severity})`;
  const right =
    cause !== undefined &&
    expectation.causes.includes(cause.id) &&
    expectation.severities.includes(incident.severity) &&
    (expectation.feature === null || cause.features.includes(expectation.feature));
  if (right) return { kind: 'reached', text: found };
  const feature = expectation.feature === null ? '' : ` in ${expectation.feature}`;
  const wanted = `${expectation.causes.join(' or ')}${feature} (${expectation.severities.join(' or ')})`;
  return { kind: 'open', text: `${found}, expected ${wanted}` };
}

function healthyVerdict(
  { incident, baseline, windowSamples, findings, evaluatedAtMs }: ModelStatus,
  minimumSamples: number,
): Verdict {
  if (incident !== null)
    return { kind: 'open', text: `${incident.diagnosis.causes[0]?.id ?? 'an incident'}, expected healthy` };
  if (baseline === null || evaluatedAtMs === null) return { kind: 'open', text: 'learning' };
  if (windowSamples < minimumSamples) return { kind: 'open', text: `${windowSamples} samples evaluated so far` };
  const harm = findings.find(({ kind }) => kind !== 'note');
  return harm === undefined
    ? { kind: 'reached', text: 'healthy' }
    : { kind: 'open', text: `${harm.detector} fires on ${harm.subject}, expected healthy` };
}

/** Remembers verdicts over time: a failing model's is kept once reached; a healthy one's must hold at the end. */
export interface VerdictBoard {
  update(statuses: readonly ModelStatus[]): void;
  of(model: string): Verdict;
  readonly complete: boolean;
  /** Every model without its verdict has had so many calls, more than any verdict takes. */
  isHopeless(statuses: readonly ModelStatus[], samples: number): boolean;
  /** One line per model that has not reached its verdict. */
  missing(): readonly string[];
}

/** A board on which every expectation starts open. */
export function createVerdictBoard(expectations: readonly Expectation[], minimumSamples: number): VerdictBoard {
  const verdicts = new Map<string, Verdict>();
  const of = (model: string): Verdict => verdicts.get(model) ?? { kind: 'open', text: 'not watched yet' };
  return {
    update(statuses) {
      for (const expectation of expectations) {
        const status = statuses.find(({ model }) => model.id === expectation.model);
        const kept = of(expectation.model).kind === 'reached' && !expectation.causes.includes('none');
        if (status !== undefined && !kept)
          verdicts.set(expectation.model, verdictOn(status, expectation, minimumSamples));
      }
    },
    of,
    get complete() {
      return expectations.every(({ model }) => of(model).kind === 'reached');
    },
    isHopeless(statuses, samples) {
      const open = expectations.filter(({ model }) => of(model).kind === 'open');
      return (
        open.length > 0 &&
        open.every(({ model }) =>
          statuses.some(({ model: { id }, totalSamples }) => id === model && totalSamples >= samples),
        )
      );
    },
    missing: () =>
      expectations.flatMap(({ model }) => {
        const verdict = of(model);
        return verdict.kind === 'reached' ? [] : [`${model}: ${verdict.text}`];
      }),
  };
}
