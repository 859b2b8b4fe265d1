import type { Metric } from './catalogue.js';

/** `text`: Prometheus text format 0.0.4 · `openmetrics`: OpenMetrics 1.0.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** A number as both formats and Prometheus 3 write the `le` of a bucket: `1.0`, not `1`. */
export function canonicalNumber(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** A label value between double quotes. */
export const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

/** A sample's value; both formats know `NaN` and `+Inf`, never `Infinity`. */
export function sampleValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/**
 * The lines before a family's samples. OpenMetrics names a counter without `_total` here and with it in the samples; text
 * names it with `_total` in both. The series are called the same either way.
 */
export function familyHeader(
  name: string,
  type: Metric['type'] | 'summary' | 'untyped',
  help: string,
  format: ExpositionFormat,
): string {
  const family = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name;
  const written = format === 'openmetrics' && type === 'untyped' ? 'unknown' : type;
  return `# HELP ${family} ${escapeHelp(help)}\n# TYPE ${family} ${written}\n`;
}

/** What ends an exposition: OpenMetrics wants to know that nothing was cut off. */
export const endOf = (format: ExpositionFormat): string => (format === 'openmetrics' ? '# EOF\n' : '');

/** `{a="x",b="y"}`, or nothing without labels. Empty label values mean "no such label" and are left out. */
export function labelSet(names: readonly string[], values: readonly string[]): string {
  const pairs = names.flatMap((name, i) =>
    values[i] === undefined || values[i] === '' ? [] : [`${name}="${escapeLabel(values[i])}"`],
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** A family with few series, written at once. */
export function renderFamily(
  name: string,
  metric: Pick<Metric, 'type' | 'help' | 'labels'>,
  samples: readonly { readonly labels: readonly string[]; readonly value: number }[],
  format: ExpositionFormat,
): string {
  if (samples.length === 0) return '';
  return (
    familyHeader(name, metric.type, metric.help, format) +
    samples.map(({ labels, value }) => `${name}${labelSet(metric.labels, labels)} ${sampleValue(value)}\n`).join('')
  );
}
