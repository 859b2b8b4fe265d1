import type { ReportInput } from './report-input.js';

const COLUMNS = [
  'detector',
  'subject',
  'kind',
  'direction',
  'statistic',
  'value',
  'threshold',
  'p_value',
  'effect_measure',
  'effect',
  'before',
  'now',
  'samples',
  'sentence',
];

/** One line per finding (RFC 4180). A cell that a spreadsheet would run as a formula is prefixed with an apostrophe. */
export function csvReport({ diagnosis }: ReportInput): string {
  const rows = diagnosis.findings.map((finding) => [
    finding.detector,
    finding.subject,
    finding.kind,
    finding.direction,
    finding.statistic.name,
    finding.statistic.value,
    finding.threshold,
    finding.pValue,
    finding.effect.measure,
    finding.effect.value,
    finding.before,
    finding.now,
    finding.window.samples,
    finding.sentence,
  ]);
  return [COLUMNS, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
