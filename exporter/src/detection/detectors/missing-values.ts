import type { Finding } from '../../domain/finding.js';
import type { SignalKey } from '../../domain/profile.js';
import { featuresOf, type DetectionInput, type Detector } from '../detection-input.js';
import { shareRise } from './share-rise.js';

const OF_ANSWERS = ['prediction', 'confidence'] as const;
const OF_INPUTS = ['missing', 'absent'] as const;

/**
 * A feature is null, or not sent at all, far more often than in the baseline; the two are told apart. Or answers lack the
 * prediction, or the confidence, that they had.
 */
export const missingValues: Detector = {
  id: 'missing-values',
  detect(input) {
    const inputs = featuresOf(input).flatMap((feature) => riseOf(input, `feature:${feature}`, OF_INPUTS));
    const answers = OF_ANSWERS.flatMap((part) => sinceChange(input, part) ?? riseOf(input, part, ['missing']));
    return { findings: [...answers, ...inputs], blindSpots: [] };
  },
};

function riseOf(input: DetectionInput, key: SignalKey, parts: readonly ('missing' | 'absent')[]): readonly Finding[] {
  const before = input.baseline?.profile.signals.get(key);
  const now = input.window.signals.get(key);
  if (before === undefined || now === undefined) return [];
  return parts.flatMap((part) => shareRise(input, 'missing-values', key, part, before, now) ?? []).slice(0, 1);
}

/** A rise that the e-detectors established, over the answers since it began: a window that is mostly of before dilutes it. */
function sinceChange(input: DetectionInput, key: (typeof OF_ANSWERS)[number]): Finding | null {
  const { evidence, rows, baseline } = input;
  if (evidence?.verdict !== 'alarm' || evidence.recovered) return null;
  const changed = evidence.signals.find(({ subject, watch }) => subject === key && watch === 'changed');
  const before = baseline?.profile.signals.get(key);
  if (changed?.statistic !== 'missing' || before === undefined) return null;
  const since = rows.filter(({ atMs, failure }) => failure === null && atMs >= (changed.changeAtMs ?? Infinity));
  const missing = since.filter((row) => row[key] === null).length;
  const given = new Map([['given', since.length - missing]]);
  const now = { kind: 'categorical', categories: given, other: 0, missing, invalid: 0 } as const;
  return shareRise(input, 'missing-values', key, 'missing', before, now, FEWEST_ANSWERS);
}
/** What is established needs no further sample. */
const FEWEST_ANSWERS = 3;
