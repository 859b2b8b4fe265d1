/**
 * critical: users get no or wrong answers now · high: a confirmed drop in confidence or accuracy, or golden answers
 * changed without a declared release · medium: drift that is estimated to cost performance · low: drift without
 * estimated effect, data-quality notes · none: nothing wrong.
 */
export const SEVERITIES = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Negative when `a` is milder than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}

/** The sentence that tells the severity of a diagnosis, wherever it stands. */
export const severityText = (told: { readonly severity: Severity; readonly severityReason: string }): string =>
  `Severity ${told.severity}: ${told.severityReason}`;
