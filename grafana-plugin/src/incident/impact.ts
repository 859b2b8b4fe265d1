import { t } from '@grafana/i18n';
import type { Diagnosis } from '../api/types';

export interface Impact {
  harm: 'no-answer' | 'wrong-answer' | 'late-answer';
  share: number;
  low: number;
  high: number;
  basis: 'counted' | 'golden' | 'confidence';
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isHarm = (value: unknown): value is Impact['harm'] =>
  value === 'no-answer' || value === 'wrong-answer' || value === 'late-answer';
const isBasis = (value: unknown): value is Impact['basis'] =>
  value === 'counted' || value === 'golden' || value === 'confidence';

/** What the incident costs users; null when the exporter says nothing of it. It is not in every exporter's document. */
export function impactOf(diagnosis: Diagnosis | (Diagnosis & { impact?: unknown })): Impact | null {
  const impact = 'impact' in diagnosis ? diagnosis.impact : null;
  if (!isObject(impact) || !isHarm(impact.harm) || !isBasis(impact.basis) || typeof impact.share !== 'number') {
    return null;
  }
  const { low, high } = isObject(impact.interval) ? impact.interval : {};
  return {
    harm: impact.harm,
    basis: impact.basis,
    share: impact.share,
    low: typeof low === 'number' ? low : impact.share,
    high: typeof high === 'number' ? high : impact.share,
  };
}

/** Of a hundred: "12", "less than 1". */
function ofHundred(share: number): string {
  const count = 100 * Math.max(0, share);
  return count > 0 && count < 1 ? t('cost.less', 'fewer than 1') : String(Math.round(count));
}

/** "About 12 of 100 answers are wrong." */
export function costText({ harm, share }: Impact): string {
  const count = ofHundred(share);
  const texts: Record<Impact['harm'], string> = {
    'no-answer': t('cost.no-answer', 'About {{count}} of 100 calls get no answer', { count }),
    'wrong-answer': t('cost.wrong-answer', 'About {{count}} more of 100 answers are wrong', { count }),
    'late-answer': t('cost.late-answer', 'About {{count}} more of 100 answers come late', { count }),
  };
  return texts[harm];
}

/** "9 to 15, counted" or how else it is known. */
export function basisText({ low, high, basis }: Impact): string {
  const texts: Record<Impact['basis'], string> = {
    counted: t('cost.counted', 'measured'),
    golden: t('cost.golden', 'estimated from golden inputs'),
    confidence: t('cost.confidence', 'estimated from confidence, without labels'),
  };
  return t('cost.interval', '{{low}} to {{high}}; {{how}}', {
    low: ofHundred(low),
    high: ofHundred(high),
    how: texts[basis],
    interpolation: { escapeValue: false },
  });
}
