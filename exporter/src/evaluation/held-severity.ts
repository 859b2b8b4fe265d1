import type { Diagnosis, Explanation } from '../domain/cause.js';
import { severityText } from '../domain/severity.js';

/**
 * A diagnosis and its explanation under the severity their incident counts as, so that headline, summary and parts say the same.
 * A severity rises soon and falls late: where this evaluation judged it otherwise, what it judged is told as such.
 * @param held severity of the incident, and why
 */
export function withSeverity<T extends { readonly diagnosis: Diagnosis; readonly explanation: Explanation }>(
  told: T,
  held: Pick<Diagnosis, 'severity' | 'severityReason'>,
): T {
  const { diagnosis, explanation } = told;
  if (diagnosis.severity === held.severity) return told;
  const judged = severityText(diagnosis);
  const text = `${severityText(held)} By the evidence for this cause alone it would be ${diagnosis.severity}: ${diagnosis.severityReason}`;
  return {
    ...told,
    diagnosis: { ...diagnosis, severity: held.severity, severityReason: held.severityReason },
    explanation: {
      ...explanation,
      paragraphs: explanation.paragraphs.map((paragraph) => paragraph.replace(judged, () => text)),
    },
  };
}
