import React, { useMemo } from 'react';
import { colorManipulator, FieldType, toDataFrame, type GrafanaTheme2 } from '@grafana/data';
import { AxisPlacement, GraphDrawStyle, ScaleDirection, ScaleDistribution, ScaleOrientation, VisibilityMode } from '@grafana/schema';
import { UPlotChart, UPlotConfigBuilder, useTheme2 } from '@grafana/ui';
import { useMeasure } from './useMeasure';

export interface PlotSeries {
  name: string;
  values: Array<number | null>;
  colour: 'before' | 'now';
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
  formatY: (value: number) => string;
  formatX?: (value: number) => string;
}

const colourOf = (theme: GrafanaTheme2, colour: PlotSeries['colour']) => (colour === 'before' ? theme.visualization.getColorByName('blue') : theme.visualization.getColorByName('orange'));

/** Lines over time or overlaid bars over a quantity, drawn by Grafana's own plot. */
export function Plot({ label, x, series, isTime, style, height = 160, softMax, formatY, formatX }: PlotProps) {
  const theme = useTheme2();
  const [ref, width] = useMeasure();
  const names = series.map(({ name, colour }) => `${name}:${colour}`).join('|');
  const config = useMemo(() => {
    const builder = new UPlotConfigBuilder('utc');
    builder.addScale({ scaleKey: 'x', isTime, orientation: ScaleOrientation.Horizontal, direction: ScaleDirection.Right });
    builder.addScale({ scaleKey: 'y', isTime: false, orientation: ScaleOrientation.Vertical, direction: ScaleDirection.Up, distribution: ScaleDistribution.Linear, softMin: 0, softMax });
    builder.addAxis({ scaleKey: 'x', isTime, placement: AxisPlacement.Bottom, theme, ...(formatX === undefined ? {} : { formatValue: (value: unknown) => formatX(Number(value)) }) });
    builder.addAxis({ scaleKey: 'y', placement: AxisPlacement.Left, theme, formatValue: (value: unknown) => formatY(Number(value)) });
    for (const text of names.split('|')) {
      const colour = colourOf(theme, text.endsWith(':before') ? 'before' : 'now');
      builder.addSeries({
        scaleKey: 'y', theme, pxAlign: true, drawStyle: style === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line, barWidthFactor: 0.95, barAlignment: 0,
        lineColor: colour, lineWidth: style === 'bars' ? 1 : 2, fillColor: colorManipulator.alpha(colour, style === 'bars' ? 0.45 : 0.1), showPoints: VisibilityMode.Auto, pointSize: 4, spanNulls: false,
      });
    }
    return builder;
  }, [theme, names, isTime, style, softMax, formatY, formatX]);
  const frame = useMemo(
    () => toDataFrame({ fields: [{ name: 'x', type: isTime ? FieldType.time : FieldType.number, values: x }, ...series.map(({ name, values }) => ({ name, type: FieldType.number, values }))] }),
    [x, series, isTime]
  );
  const data = useMemo(() => [x, ...series.map(({ values }) => values)], [x, series]);
  return (
    <figure style={{ margin: 0 }} aria-label={label} role="group">
      <div ref={ref} style={{ height, width: '100%', overflow: 'hidden' }}>
        {width > 0 && <UPlotChart width={width} height={height} data={data as never} config={config} {...({ frame } as object)} />}
      </div>
      {series.length > 1 && (
        <figcaption style={{ display: 'flex', gap: 16, fontSize: 12 }}>
          {series.map(({ name, colour }) => (
            <span key={name}>
              <span aria-hidden style={{ display: 'inline-block', width: 10, height: 10, marginRight: 6, background: colourOf(theme, colour) }} />
              {name}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}
