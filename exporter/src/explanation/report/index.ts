import { csvReport } from './csv.js';
import { htmlReport } from './html.js';
import { jsonReport } from './json.js';
import { markdownReport } from './markdown.js';
import type { ReportFormat } from '../../domain/report-format.js';
import type { ReportInput } from './report-input.js';

export { decisionsCsv } from './decisions.js';
export type { ReportInput } from './report-input.js';

const RENDERERS: Readonly<Record<ReportFormat, (input: ReportInput) => string>> = {
  markdown: markdownReport,
  html: htmlReport,
  json: jsonReport,
  csv: csvReport,
};

/** The diagnostic report of one incident or one evaluation. */
export function renderReport(format: ReportFormat, input: ReportInput): string {
  return RENDERERS[format](input);
}
