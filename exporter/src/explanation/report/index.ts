import { csvReport } from './csv.js';
import { htmlReport } from './html.js';
import { markdownReport } from './markdown.js';
import type { WrittenFormat } from '../../domain/report-format.js';
import type { ReportInput } from './report-input.js';

export { decisionsCsv } from './decisions.js';
export type { ReportInput } from './report-input.js';

const RENDERERS: Readonly<Record<WrittenFormat, (input: ReportInput) => string>> = {
  markdown: markdownReport,
  html: htmlReport,
  csv: csvReport,
};

/** The diagnostic report of one incident or one evaluation. */
export function renderReport(format: WrittenFormat, input: ReportInput): string {
  return RENDERERS[format](input);
}
