import React, { useMemo } from 'react';
import { colorManipulator, type GrafanaTheme2 } from '@grafana/data';
import {
  AxisPlacement,
  GraphDrawStyle,
  ScaleDirection,
  ScaleDistribution,
  ScaleOrientation,
  VisibilityMode,
} from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, useTheme2 } from '@grafana/ui';
import { useMeasure } from './useMeasure';

const COLOURS = { before: 'blue', now: 'orange', other: 'purple', band: 'gray' } as const;
type Colour = keyof typeof COLOURS;

export interface PlotSeries {
  name: string;
  values: Array<number | null>;
  colour: Colour;
}
/** A moment on a time axis, drawn as a line with a short name. */
export interface Mark {
  atMs: number;
  name: string;
}
interface PlotProps {
  /** What the picture shows, for people who do not see it. */
  label: string;
  x: number[];
  series: PlotSeries[];
  /** Time in milliseconds, or a quantity. */
  isTime: boolean;
  style: 'line' | 'bars';
  height?: number;
  /** The y axis reaches at least this far. */
  softMax?: number;
  /** The y axis reaches no further: shares end at 1. */
  hardMax?: number;
  formatY: (value: number) => string;
  formatX?: (value: number) => string;
  /** Ends of the x axis; without it, those of the data. */
  xRange?: [number, number];
  marks?: Mark[];
  /** From here on the plot is shaded: since the change. */
  shadedFromMs?: number | null;
  /** Up to here: once it is over. Without it, up to the end. */
  shadedToMs?: number | null;
}

const NEAR_PX = 12;

const STEPS = 100;

/** The range with its ends moved outwards to a power of two near a hundredth of its length: a range up to now moves all the time. */
export function coarse([from, to]: [number, number]): [number, number] {
  const step = 2 ** Math.ceil(Math.log2(Math.max(1, (to - from) / STEPS)));
  return [Math.floor(from / step) * step, Math.ceil(to / step) * step];
}

/** Names of marks nearer to each other than their text is wide, joined: `1·2` at the place of the first. */
export function joinedMarks(
  marks: Array<{ left: number; name: string }>,
  nearPx: number
): Array<{ left: number; name: string }> {
  return [...marks]
    .sort((a, b) => a.left - b.left)
    .reduce<Array<{ left: number; name: string }>>((joined, mark) => {
      const last = joined.at(-1);
      return last !== undefined && mark.left - last.left < nearPx
        ? [...joined.slice(0, -1), { ...last, name: `${last.name}·${mark.name}` }]
        : [...joined, mark];
    }, []);
}

const colourOf = (theme: GrafanaTheme2, colour: Colour) => theme.visualization.getColorByName(COLOURS[colour]);

const isColour = (text: string | undefined): text is Colour => text !== undefined && text in COLOURS;

/** Lines over time or overlaid bars over a quantity, drawn by Grafana's own plot. */
export function Plot({
  label,
  x,
  series,
  isTime,
  style,
  height = 160,
  softMax,
  hardMax,
  formatY,
  formatX,
  xRange,
  marks = [],
  shadedFromMs = null,
  shadedToMs = null,
}: PlotProps) {
  const theme = useTheme2();
  const [ref, width] = useMeasure();
  // As text, so that the plot is built anew only when what it shows has changed.
  const ends = JSON.stringify(xRange === undefined ? null : coarse(xRange));
  const marked = JSON.stringify(marks);
  const names = series.map(({ name, colour }) => `${name}:${colour}`).join('|');
  const config = useMemo(() => {
    const drawnRange: [number, number] | null = JSON.parse(ends);
    const drawnMarks: Mark[] = JSON.parse(marked);
    const builder = new UPlotConfigBuilder('utc');
    builder.addScale({
      scaleKey: 'x',
      isTime,
      orientation: ScaleOrientation.Horizontal,
      direction: ScaleDirection.Right,
      // Bars stand on whole numbers and are as wide as their distance.
      range: (_, least, most) =>
        drawnRange ?? (style === 'bars' && !isTime ? [least - 0.5, most + 0.5] : [least, most]),
    });
    builder.addScale({
      scaleKey: 'y',
      isTime: false,
      orientation: ScaleOrientation.Vertical,
      direction: ScaleDirection.Up,
      distribution: ScaleDistribution.Linear,
      softMin: 0,
      softMax,
      max: hardMax,
    });
    builder.addAxis({
      scaleKey: 'x',
      isTime,
      placement: AxisPlacement.Bottom,
      theme,
      ...(formatX === undefined ? {} : { formatValue: (value: unknown) => formatX(Number(value)) }),
    });
    builder.addAxis({
      scaleKey: 'y',
      placement: AxisPlacement.Left,
      theme,
      formatValue: (value: unknown) => formatY(Number(value)),
    });
    for (const text of names.split('|')) {
      const shade = text.split(':').at(-1);
      const colour = colourOf(theme, isColour(shade) ? shade : 'now');
      builder.addSeries({
        scaleKey: 'y',
        theme,
        pxAlign: true,
        drawStyle: style === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line,
        barWidthFactor: 0.95,
        barAlignment: 0,
        lineColor: colour,
        lineWidth: style === 'bars' ? 1 : 2,
        fillColor: colorManipulator.alpha(colour, style === 'bars' ? 0.45 : names.includes('|') ? 0 : 0.1),
        showPoints: VisibilityMode.Auto,
        pointSize: 4,
        spanNulls: false,
      });
    }
    builder.addHook('drawClear', (u) => {
      if (shadedFromMs === null) {
        return;
      }
      const { left, top, width: plotWidth, height: plotHeight } = u.bbox;
      const within = (atMs: number) => Math.max(left, Math.min(left + plotWidth, u.valToPos(atMs, 'x', true)));
      const from = within(shadedFromMs);
      const to = shadedToMs === null ? left + plotWidth : within(shadedToMs);
      u.ctx.save();
      u.ctx.fillStyle = colorManipulator.alpha(theme.colors.error.main, 0.12);
      u.ctx.fillRect(from, top, to - from, plotHeight);
      u.ctx.restore();
    });
    builder.addHook('draw', (u) => {
      const scale = window.devicePixelRatio;
      const { left, top, width: plotWidth, height: plotHeight } = u.bbox;
      const placed = drawnMarks
        .map(({ atMs, name }) => ({ left: u.valToPos(atMs, 'x', true), name }))
        .filter(({ left: at }) => at >= left && at <= left + plotWidth);
      u.ctx.save();
      u.ctx.font = `${11 * scale}px ${theme.typography.fontFamily}`;
      u.ctx.fillStyle = theme.colors.text.primary;
      u.ctx.strokeStyle = theme.colors.text.secondary;
      u.ctx.textAlign = 'center';
      u.ctx.setLineDash([4 * scale, 3 * scale]);
      for (const mark of placed) {
        u.ctx.beginPath();
        u.ctx.moveTo(mark.left, top);
        u.ctx.lineTo(mark.left, top + plotHeight);
        u.ctx.stroke();
      }
      for (const mark of joinedMarks(placed, NEAR_PX * scale)) {
        const half = u.ctx.measureText(mark.name).width / 2;
        u.ctx.fillText(mark.name, Math.max(left + half, Math.min(left + plotWidth - half, mark.left)), top - 3 * scale);
      }
      u.ctx.restore();
    });
    builder.setPadding([isTime ? 14 : 8, isTime ? 30 : 20, 0, 0]);
    return builder;
  }, [theme, names, isTime, style, softMax, hardMax, formatY, formatX, ends, marked, shadedFromMs, shadedToMs]);
  const data = useMemo<[number[], ...Array<Array<number | null>>]>(
    () => [x, ...series.map(({ values }) => values)],
    [x, series]
  );
  const named = series.filter(({ name }) => name !== '');
  return (
    <figure style={{ margin: 0 }} aria-label={label} role="group">
      <div ref={ref} style={{ height, width: '100%', overflow: 'hidden' }}>
        {width > 0 && <UPlotChart width={width} height={height} data={data} config={config} />}
      </div>
      {named.length > 1 && (
        <figcaption style={{ display: 'flex', gap: 16, fontSize: 12 }}>
          {named.map(({ name, colour }) => (
            <span key={name}>
              <span
                aria-hidden
                style={{
                  display: 'inline-block',
                  width: 10,
                  height: 10,
                  marginRight: 6,
                  background: colourOf(theme, colour),
                }}
              />
              {name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
