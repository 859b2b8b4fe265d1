import { t } from '@grafana/i18n';
import { parseAggregates } from '../model/histogram';
import type { LiveFigure } from '../api/live-figures';
import { figure, percent, seconds, wholePercent } from './format';
import type { PlotSeries } from './Plot';

export type Aggregates = ReturnType<typeof parseAggregates>;
export type Measure = 'confidence' | 'failures' | 'latency' | 'accuracy' | 'samples';

/** A newest window with less than this share of the calls of the one before is still being filled. */
const FULL_SHARE = 0.75;

/** Without the newest window while it is still being filled. */
export function fullWindows({ atMs, columns }: Aggregates): Aggregates {
  const [last = 0, before = 0] = [columns.calls?.at(-1) ?? 0, columns.calls?.at(-2) ?? 0];
  return last >= FULL_SHARE * before
    ? { atMs, columns }
    : {
        atMs: atMs.slice(0, -1),
        columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(0, -1)])),
      };
}

/** Figures remembered while somebody looked, in the shape of stored windows. */
export const ofLive = (figures: LiveFigure[]): Aggregates => ({
  atMs: figures.map(({ atMs }) => atMs),
  columns: {
    confidence_mean: figures.map(({ confidence }) => confidence),
    failures: figures.map(({ failures }) => failures),
    calls: figures.map(({ failures }) => (failures === null ? null : 1)),
    latency_p50_seconds: figures.map(({ latency }) => latency),
  },
});

/** Half of a 95 % interval in standard errors. */
const HALF_95 = 1.96;

/** A share of counts per window, with the ends of its 95 % Wilson interval; null where nothing was counted. */
export function shares(counts: Array<number | null>, of: Array<number | null>) {
  return counts.map((count, index) => {
    const n = of[index] ?? 0;
    if (count === null || n === 0) {
      return null;
    }
    const share = count / n;
    const square = HALF_95 ** 2 / n;
    const centre = (share + square / 2) / (1 + square);
    const half = (HALF_95 * Math.sqrt((share * (1 - share)) / n + square / (4 * n))) / (1 + square);
    return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
  });
}

/** Labels come later than calls: without the newest windows that have fewer of them than half of what a window usually has. */
export function withoutLate(labelled: Array<number | null>): Array<number | null> {
  const counts = labelled.flatMap((count) => (count === null || count === 0 ? [] : [count])).sort((a, b) => a - b);
  const usual = counts[Math.floor(counts.length / 2)] ?? 0;
  const late = [...labelled].reverse().findIndex((count) => (count ?? 0) >= usual / 2);
  return labelled.map((count, index) => (index < labelled.length - late ? count : null));
}

/** How a figure over time is drawn. */
export interface Drawing {
  name: string;
  series: PlotSeries[];
  formatY: (value: number) => string;
  softMax?: number;
  hardMax?: number;
}

const count = (value: number) => String(Math.round(value));
const unit = (value: number) => figure(value, 2);

/** The figure's lines over the stored windows; null when none of them holds it. */
export function drawingOf({ columns }: Aggregates, measure: Measure): Drawing | null {
  const column = (name: string) => columns[name] ?? [];
  const line = (name: string, values: Array<number | null>, colour: PlotSeries['colour'] = 'now') => ({
    name,
    values,
    colour,
  });
  const drawings: Record<Measure, () => Drawing> = {
    confidence: () => ({
      name: t('measure.confidence', 'Mean confidence'),
      series: [line(t('measure.confidence', 'Mean confidence'), column('confidence_mean'))],
      formatY: unit,
      hardMax: 1,
    }),
    failures: () => ({
      name: t('measure.failures', 'Failed calls'),
      series: [
        line(
          t('measure.failures', 'Failed calls'),
          shares(column('failures'), column('calls')).map((at) => at?.share ?? null)
        ),
      ],
      formatY: percent,
      softMax: 0.1,
      hardMax: 1,
    }),
    latency: () => ({
      name: t('measure.latency', 'Latency'),
      series: [
        ...(column('latency_p95_seconds').length === 0
          ? []
          : [line(t('measure.latency-p95', '95th percentile'), column('latency_p95_seconds'))]),
        line(t('measure.latency-p50', 'Median'), column('latency_p50_seconds'), 'before'),
      ],
      formatY: seconds,
    }),
    accuracy: () => {
      const measured = shares(column('correct'), withoutLate(column('labelled')));
      return {
        name: t('measure.accuracy', 'Accuracy, measured with labels'),
        series: [
          line(
            t('measure.accuracy-value', 'Accuracy'),
            measured.map((at) => at?.share ?? null)
          ),
          line(
            t('measure.accuracy-low', '95 % interval'),
            measured.map((at) => at?.low ?? null),
            'band'
          ),
          line(
            '',
            measured.map((at) => at?.high ?? null),
            'band'
          ),
        ],
        formatY: wholePercent,
        hardMax: 1,
      };
    },
    samples: () => ({
      name: t('measure.samples', 'Samples per window'),
      series: [line(t('measure.samples', 'Samples per window'), column('calls'))],
      formatY: count,
    }),
  };
  const drawing = drawings[measure]();
  return drawing.series.some(({ values }) => values.some((value) => value !== null)) ? drawing : null;
}
