import React, { useMemo } from 'react';
import { t } from '@grafana/i18n';
import { parseAggregates } from '../model/histogram';
import { drawingOf, fullWindows, type Aggregates, type Measure } from './measures';
import { Plot, type Mark } from './Plot';

const MEASURES: Measure[] = ['confidence', 'accuracy', 'failures', 'latency', 'samples'];

interface Props {
  /** Stored windows as the exporter writes them, or figures remembered on this page. */
  data: string | Aggregates;
  range?: [fromMs: number, toMs: number];
  marks?: Mark[];
  shadedFromMs?: number | null;
  shadedToMs?: number | null;
  measures?: Measure[];
  height?: number;
  /** What to say when there is nothing to draw. */
  otherwise?: React.ReactNode;
}

/** Figures of a model's stored windows, with moments marked; without a range, as far as there are any. */
export function OverTime({ data, measures = MEASURES, height = 140, range, otherwise, ...marked }: Props) {
  const aggregates = useMemo(() => (typeof data === 'string' ? fullWindows(parseAggregates(data)) : data), [data]);
  const drawings = useMemo(
    () => measures.flatMap((measure) => drawingOf(aggregates, measure) ?? []),
    [aggregates, measures]
  );
  if (aggregates.atMs.length < 2 || drawings.length === 0) {
    return (
      otherwise ?? (
        <p>
          {t(
            'over-time.none',
            'Fewer than two windows are stored in this time range. mlfi stores them from the first baseline on; choose a longer range, or wait until the baseline is learnt.'
          )}
        </p>
      )
    );
  }
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(min(280px, 100%), 1fr))', gap: 16 }}>
      {drawings.map(({ name, ...drawing }) => (
        <div key={name} style={{ minWidth: 0 }}>
          <strong>{name}</strong>
          <Plot
            label={name}
            x={aggregates.atMs}
            isTime
            style="line"
            height={height}
            xRange={range}
            {...marked}
            {...drawing}
          />
        </div>
      ))}
    </div>
  );
}
