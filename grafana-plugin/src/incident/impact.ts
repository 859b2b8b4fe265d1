import { t } from '@grafana/i18n';
import type { Diagnosis, Incident } from '../api/types';

export interface Impact {
  harm: 'no-answer' | 'wrong-answer' | 'late-answer';
  share: number;
  low: number;
  high: number;
  basis: 'counted' | 'golden' | 'confidence';
}

/** What the incident costs users, or cost them at its worst; null when the exporter says nothing of it. */
export function impactOf(impact: Diagnosis['impact'] | Incident['worst_impact']): Impact | null {
  if (impact === null) {
    return null;
  }
  const { harm, basis, share, interval } = impact;
  return { harm, basis, share, low: interval.low, high: interval.high };
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

/** "At its worst: about 12 of 100 answers were wrong." */
export function worstText({ harm, share }: Impact): string {
  const count = ofHundred(share);
  const texts: Record<Impact['harm'], string> = {
    'no-answer': t('cost.worst-no-answer', 'At its worst: about {{count}} of 100 calls got no answer', { count }),
    'wrong-answer': t('cost.worst-wrong-answer', 'At its worst: about {{count}} more of 100 answers were wrong', {
      count,
    }),
    'late-answer': t('cost.worst-late-answer', 'At its worst: about {{count}} more of 100 answers came late', {
      count,
    }),
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
