import React from 'react';
import { t } from '@grafana/i18n';
import type { Incident } from '../api/types';
import { FloatingBars, type FloatingBar } from '../components/FloatingBars';
import { figure, percent, signalName } from '../components/format';

type Decomposition = NonNullable<Incident['diagnosis']['decomposition']>;
type Attribution = Incident['diagnosis']['attributions'][number];
type Surrogate = NonNullable<Incident['diagnosis']['surrogate']>;

const signed = (value: number) => {
  const size = figure(Math.abs(value), 2);
  return size === '0' ? size : `${value > 0 ? '+' : '−'}${size}`;
};
/** Half of a 95 % interval in standard errors, for a normal estimate. */
const HALF_95 = 1.96;
const FEATURES_SHOWN = 15;

/** Parts of a drop, each from where the one before ended, then what nothing explains, then the whole. */
export function waterfallOf(
  { parts, remainder, total }: Pick<Decomposition, 'parts' | 'remainder' | 'total'>,
  unexplained: string,
  whole: string
): FloatingBar[] {
  let reached = 0;
  const steps = [
    ...parts.map(({ name, value }) => ({ name, value, tone: null })),
    { name: unexplained, value: remainder, tone: 'unexplained' as const },
  ];
  const bars = steps.map(({ name, value, tone }): FloatingBar => {
    const from = reached;
    reached += value;
    return { name, from, to: reached, tone: tone ?? (value < 0 ? 'worse' : 'better'), text: signed(value) };
  });
  return [...bars, { name: whole, from: 0, to: total, tone: 'total', text: signed(total) }];
}

/** How much of the change each part explains, and what none of them does. */
export function Waterfall({ decomposition }: { decomposition: Decomposition }) {
  const { measure, before, now, total, parts, remainder, interventional } = decomposition;
  const unexplained = t('incident.unexplained-part', 'unexplained');
  const bars = waterfallOf(decomposition, unexplained, t('incident.whole', 'whole change'));
  const of = (value: number) => (total === 0 ? '–' : percent(value / total));
  const drop = t('incident.drop', '{{measure}} went from {{before}} to {{now}} ({{how}})', {
    measure,
    before: figure(before),
    now: figure(now),
    how: interventional
      ? t('incident.by-asking', 'found by asking the model')
      : t('incident.by-counts', 'read off counts, not by experiment'),
  });
  return (
    <>
      <p>{drop}</p>
      <FloatingBars
        label={t('incident.waterfall-label', 'Waterfall: {{parts}}', {
          parts: bars.map(({ name, text }) => `${name} ${text}`).join(', '),
          interpolation: { escapeValue: false },
        })}
        bars={bars}
        formatValue={signed}
        isWaterfall
        table={{
          head: [t('incident.part', 'Part'), t('incident.points', 'Points'), t('incident.of-drop', 'Of the drop')],
          rows: [...parts, { name: unexplained, value: remainder }].map(({ name, value }) => ({
            key: name,
            cells: [name, signed(value), of(value)],
          })),
        }}
      />
    </>
  );
}

/** How the shares were found: one that nobody tested on the model must not look like one that was. */
function howFound(method: string | undefined, surrogate: Surrogate | null): string {
  if (method === 'interventional-shapley') {
    return t(
      'incident.asked',
      'Found by experiment: the live model was asked with each feature put back to what it was.'
    );
  }
  if (method === 'surrogate-shapley') {
    return t(
      'incident.copy',
      'The model was not asked. Found on a copy fitted to {{rows}} logged answers (R² {{fit}} on answers it had not seen).',
      { rows: surrogate?.rows ?? 0, fit: (surrogate?.r_squared ?? 0).toFixed(2) }
    );
  }
  return t('incident.correlation', 'The model was not asked. Read off the answers alone: a correlation, not a proof.');
}

/** Which features carry the change, largest first, each with its 95 % interval when it is known. */
export function Attributions({
  attributions,
  surrogate,
}: {
  attributions: Attribution[];
  surrogate: Surrogate | null;
}) {
  const sorted = [...attributions].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const ofInterval = ({ value, standard_error }: Attribution) =>
    standard_error === null ? null : { low: value - HALF_95 * standard_error, high: value + HALF_95 * standard_error };
  const bars = sorted.slice(0, FEATURES_SHOWN).map((attribution): FloatingBar => {
    const { feature, value } = attribution;
    return {
      name: signalName(feature),
      from: 0,
      to: value,
      tone: value < 0 ? 'worse' : 'better',
      text: signed(value),
      ...ofInterval(attribution),
    };
  });
  return (
    <>
      <p>
        <span>{howFound(attributions[0]?.method, surrogate)}</span>{' '}
        {attributions.some(({ standard_error }) => standard_error !== null)
          ? t('incident.attribution-how', 'Lines are 95 % intervals.')
          : t('incident.attribution-no-interval', 'It gives no intervals.')}
        {sorted.length > FEATURES_SHOWN
          ? ` ${t('incident.attribution-most', 'The {{shown}} largest of {{all}} are drawn; the table has all.', { shown: FEATURES_SHOWN, all: sorted.length })}`
          : ''}
      </p>
      <FloatingBars
        label={t('incident.attribution-label', 'Attribution: {{features}}', {
          features: bars.map(({ name, text }) => `${name} ${text}`).join(', '),
          interpolation: { escapeValue: false },
        })}
        bars={bars}
        formatValue={signed}
        table={{
          head: [
            t('incident.feature', 'Feature'),
            t('incident.share', 'Carries'),
            t('incident.interval', '95 % interval'),
          ],
          rows: sorted.map((attribution) => {
            const interval = ofInterval(attribution);
            return {
              key: attribution.feature,
              cells: [
                signalName(attribution.feature),
                figure(attribution.value),
                interval === null ? '–' : `${figure(interval.low)} … ${figure(interval.high)}`,
              ],
            };
          }),
        }}
      />
    </>
  );
}
