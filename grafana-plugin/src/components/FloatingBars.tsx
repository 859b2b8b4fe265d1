import React, { useMemo } from 'react';
import type { GrafanaTheme2 } from '@grafana/data';
import { t } from '@grafana/i18n';
import {
  AxisPlacement,
  GraphDrawStyle,
  ScaleDirection,
  ScaleDistribution,
  ScaleOrientation,
  VisibilityMode,
} from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, useTheme2 } from '@grafana/ui';
import { Table } from './Section';
import { useMeasure } from './useMeasure';

export interface FloatingBar {
  name: string;
  /** Where it begins and ends on the value axis. */
  from: number;
  to: number;
  /** Interval around its end, when known. */
  low?: number;
  high?: number;
  tone: 'worse' | 'better' | 'unexplained' | 'total';
  /** Written beside its end. */
  text: string;
}

interface Props {
  /** What the picture shows, for people who do not see it. */
  label: string;
  bars: FloatingBar[];
  formatValue: (value: number) => string;
  /** A step line from the end of each bar to the next one: a waterfall. */
  isWaterfall?: boolean;
  table: { head: string[]; rows: Array<{ key: string; cells: React.ReactNode[] }> };
}

/** What is used of the plot while it is drawn. */
interface Drawn {
  ctx: CanvasRenderingContext2D;
  bbox: { left: number; top: number; width: number; height: number };
  valToPos: (value: number, scaleKey: string, canvasPixels?: boolean) => number;
}

const ROW_PX = 30;
const AXIS_PX = 34;
/** Beside the longest bar, for its text, in pixels; and how much of the axis that may take. */
const TEXT_ROOM_PX = 70;
const MOST_ROOM_SHARE = 0.4;
/** What the names leave of the width. */
const PLOT_SHARE = 0.7;
/** Between the ticks of the value axis, in pixels. */
const TICK_SPACE = 90;
const LONGEST_NAME = 28;

const colourOf = (theme: GrafanaTheme2, tone: FloatingBar['tone']) =>
  theme.visualization.getColorByName({ worse: 'red', better: 'green', unexplained: 'gray', total: 'blue' }[tone]);

/** The value axis: everything that is drawn and zero, with room for the text beside the longest bars. */
export function extentOf(bars: FloatingBar[], widthPx: number): [number, number] {
  const ends = bars.flatMap(({ from, to, low, high }) => [from, to, low ?? to, high ?? to]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const share = Math.min(MOST_ROOM_SHARE, TEXT_ROOM_PX / Math.max(1, widthPx * PLOT_SHARE));
  const room = ((most - least || 1) * share) / (1 - share);
  return [least < 0 ? least - room : least, most > 0 || least === 0 ? most + room : most];
}

/** Draws bars, intervals, steps and texts into the plot; the lengths uPlot gives are pixels of the canvas. */
function draw(u: Drawn, bars: FloatingBar[], theme: GrafanaTheme2, isWaterfall: boolean) {
  const { ctx } = u;
  const scale = window.devicePixelRatio;
  const x = (value: number) => u.valToPos(value, 'y', true);
  const y = (row: number) => u.valToPos(row, 'x', true);
  const half = 8 * scale;
  const line = (points: Array<[number, number]>, colour: string, width: number, dash: number[] = []) => {
    ctx.beginPath();
    ctx.setLineDash(dash);
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * scale;
    points.forEach(([left, top], index) => (index === 0 ? ctx.moveTo(left, top) : ctx.lineTo(left, top)));
    ctx.stroke();
    ctx.setLineDash([]);
  };
  ctx.save();
  line(
    [
      [x(0), u.bbox.top],
      [x(0), u.bbox.top + u.bbox.height],
    ],
    theme.colors.border.strong,
    1
  );
  ctx.font = `${12 * scale}px ${theme.typography.fontFamily}`;
  ctx.textBaseline = 'middle';
  bars.forEach(({ from, to, low, high, tone, text }, row) => {
    const [left, right] = [Math.min(x(from), x(to)), Math.max(x(from), x(to))];
    ctx.fillStyle = colourOf(theme, tone);
    ctx.fillRect(left, y(row) - half, Math.max(right - left, scale), 2 * half);
    if (low !== undefined && high !== undefined) {
      line(
        [
          [x(low), y(row)],
          [x(high), y(row)],
        ],
        theme.colors.text.primary,
        1.5
      );
      [low, high].forEach((end) =>
        line(
          [
            [x(end), y(row) - half / 2],
            [x(end), y(row) + half / 2],
          ],
          theme.colors.text.primary,
          1.5
        )
      );
    }
    if (isWaterfall && row < bars.length - 1) {
      line(
        [
          [x(to), y(row)],
          [x(to), y(row + 1)],
        ],
        theme.colors.border.strong,
        1,
        [3 * scale, 3 * scale]
      );
    }
    const isLeft = to < from || (to === from && to < 0);
    const outer = isLeft
      ? Math.min(left, low === undefined ? left : x(low))
      : Math.max(right, high === undefined ? right : x(high));
    ctx.fillStyle = theme.colors.text.primary;
    ctx.textAlign = isLeft ? 'right' : 'left';
    ctx.fillText(text, outer + (isLeft ? -6 : 6) * scale, y(row));
  });
  ctx.restore();
}

/** Horizontal bars between two values each, on Grafana's own plot, with the same figures as a table below. */
export function FloatingBars({ label, bars, formatValue, isWaterfall = false, table }: Props) {
  const theme = useTheme2();
  const [ref, width] = useMeasure();
  const height = bars.length * ROW_PX + AXIS_PX;
  const drawn = JSON.stringify(bars);
  const config = useMemo(() => {
    const shown: FloatingBar[] = JSON.parse(drawn);
    const extent = extentOf(shown, width);
    const builder = new UPlotConfigBuilder('utc');
    builder.setCursor({ show: false });
    builder.addScale({
      scaleKey: 'x',
      isTime: false,
      orientation: ScaleOrientation.Vertical,
      direction: ScaleDirection.Down,
      distribution: ScaleDistribution.Linear,
      range: () => [-0.5, shown.length - 0.5],
    });
    builder.addScale({
      scaleKey: 'y',
      isTime: false,
      orientation: ScaleOrientation.Horizontal,
      direction: ScaleDirection.Right,
      distribution: ScaleDistribution.Linear,
      range: () => extent,
    });
    const name = (row: number) =>
      shown[row].name.length > LONGEST_NAME ? `${shown[row].name.slice(0, LONGEST_NAME - 1)}…` : shown[row].name;
    builder.addAxis({
      scaleKey: 'x',
      placement: AxisPlacement.Left,
      theme,
      grid: { show: false },
      ticks: { show: false },
      splits: shown.map((_, row) => row),
      values: shown.map((_, row) => name(row)),
    });
    builder.addAxis({
      scaleKey: 'y',
      placement: AxisPlacement.Bottom,
      theme,
      space: TICK_SPACE,
      formatValue: (value: unknown) => formatValue(Number(value)),
    });
    builder.addSeries({
      scaleKey: 'y',
      theme,
      pxAlign: true,
      drawStyle: GraphDrawStyle.Line,
      lineWidth: 0,
      showPoints: VisibilityMode.Never,
    });
    builder.addHook('draw', (u) => draw(u, shown, theme, isWaterfall));
    return builder;
  }, [drawn, theme, formatValue, isWaterfall, width]);
  const data = useMemo<[number[], number[]]>(() => [bars.map((_, row) => row), bars.map(({ to }) => to)], [bars]);
  return (
    <figure style={{ margin: 0 }} aria-label={label} role="group">
      <div ref={ref} aria-hidden style={{ height, width: '100%', overflow: 'hidden' }}>
        {width > 0 && <UPlotChart width={width} height={height} data={data} config={config} />}
      </div>
      <details>
        <summary>{t('bars.table', 'The same as a table')}</summary>
        <Table {...table} />
      </details>
    </figure>
  );
}
