import { csvTable } from './csv-table.js';
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

/** One line per finding. */
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
  return csvTable([COLUMNS, ...rows]);
}
