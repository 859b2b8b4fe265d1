import React, { useMemo } from 'react';
import { t } from '@grafana/i18n';
import type { SignalDistribution } from '../api/types';
import { signalName, wholePercent } from '../components/format';
import { Plot } from '../components/Plot';
import { shortened } from '../components/Words';
import { histogramOf } from './histogram';

/** Labels of neighbours would lie on each other. */
const LABELS_SHOWN = 5;
const LONGEST_LABEL = 11;

/** Share of values in each bin, in the baseline and now. */
export function SignalHistogram({
  distribution,
  note,
  height,
}: {
  distribution: SignalDistribution;
  note?: React.ReactNode;
  height?: number;
}) {
  const histogram = useMemo(() => histogramOf(distribution), [distribution]);
  const formatX = useMemo(() => {
    const labels = histogram?.labels ?? [];
    const step = Math.ceil(labels.length / LABELS_SHOWN);
    return (value: number) =>
      Number.isInteger(value) && value % step === 0 ? shortened(labels[value] ?? '', LONGEST_LABEL) : '';
  }, [histogram]);
  if (histogram === null) {
    return null;
  }
  const name = signalName(distribution.signal);
  const { x, before, now } = histogram;
  return (
    <div style={{ minWidth: 0 }}>
      <strong style={{ overflowWrap: 'anywhere' }}>{name}</strong> {note}
      <Plot
        label={t('model.histogram', '{{name}}: share of values in each bin, baseline and now', {
          name,
          interpolation: { escapeValue: false },
        })}
        x={x}
        isTime={false}
        style="bars"
        height={height}
        hardMax={1}
        formatY={wholePercent}
        formatX={formatX}
        series={[
          ...(distribution.before === null
            ? []
            : [{ name: t('model.baseline', 'baseline'), values: before, colour: 'before' as const }]),
          { name: t('model.now', 'now'), values: now, colour: 'now' as const },
        ]}
      />
    </div>
  );
}
