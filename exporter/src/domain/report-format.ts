/** Formats a diagnostic report can be written in. */
export const REPORT_FORMATS = ['markdown', 'html', 'json', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
/** Those written from words; JSON is what the API shows. */
export type WrittenFormat = Exclude<ReportFormat, 'json'>;

export const isReportFormat = (text: string): text is ReportFormat =>
  (REPORT_FORMATS as readonly string[]).includes(text);
