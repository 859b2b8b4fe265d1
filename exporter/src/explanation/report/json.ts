import type { ReportInput } from './report-input.js';

/** For machines: everything but the raw counts. */
export function jsonReport({ baseline, window, ...input }: ReportInput): string {
  return `${JSON.stringify({ ...input, baselineVersion: baseline?.version ?? null, windowSamples: window?.calls ?? null }, null, 2)}\n`;
}
