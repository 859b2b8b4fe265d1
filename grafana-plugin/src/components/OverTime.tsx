import React, { useMemo } from 'react';
import { t } from '@grafana/i18n';
import { parseAggregates } from '../model/histogram';
import { figure, percent, seconds } from './format';
import { Plot, type Mark } from './Plot';

const count = (value: number) => String(Math.round(value));
const unit = (value: number) => figure(value, 2);

type Aggregates = ReturnType<typeof parseAggregates>;

/** Without the newest window when it has fewer calls than half of the one before: it is still being filled. */
export function fullWindows({ atMs, columns }: Aggregates): Aggregates {
  const [last = 0, before = 0] = [columns.calls?.at(-1) ?? 0, columns.calls?.at(-2) ?? 0];
  return last >= before / 2
    ? { atMs, columns }
    : {
        atMs: atMs.slice(0, -1),
        columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(0, -1)])),
      };
}

/** Confidence, failed calls, latency and samples of a model's stored windows, with moments marked; without a range, as far as there are any. */
export function OverTime({
  csv,
  range,
  marks,
}: {
  csv: string;
  range?: [fromMs: number, toMs: number];
  marks?: Mark[];
}) {
  const { atMs, columns } = useMemo(() => fullWindows(parseAggregates(csv)), [csv]);
  const share = useMemo(
    () => columns.calls?.map((calls, index) => (calls ? (columns.failures[index] ?? 0) / calls : null)) ?? [],
    [columns]
  );
  if (atMs.length < 2) {
    return (
      <p>
        {t(
          'over-time.none',
          'Nothing to draw: fewer than two windows are stored in this time range. They are stored from the moment there is a baseline.'
        )}
      </p>
    );
  }
  const charts: Array<[string, Array<number | null>, (value: number) => string]> = [
    [t('model.confidence', 'Confidence (mean)'), columns.confidence_mean, unit],
    [t('model.errors', 'Failed calls (share)'), share, percent],
    [t('model.latency', 'Latency (median)'), columns.latency_p50_seconds, seconds],
    [t('model.samples', 'Samples per window'), columns.calls, count],
  ];
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(min(280px, 100%), 1fr))', gap: 16 }}>
      {charts.map(([name, values, format]) => (
        <div key={name} style={{ minWidth: 0 }}>
          <strong>{name}</strong>
          <Plot
            label={name}
            x={atMs}
            isTime
            style="line"
            height={140}
            softMax={format === percent ? 0.1 : undefined}
            formatY={format}
            series={[{ name, values, colour: 'now' }]}
            xRange={range}
            marks={marks}
          />
        </div>
      ))}
    </div>
  );
}
