import { z } from 'zod';
import { durationText, timeText } from '../domain/time-text.js';

/** What the service says when an import is finished. */
export const outcomeSchema = z.object({
  progress: z.object({
    as: z.enum(['baseline', 'history']),
    rows: z.number(),
    labels: z.number(),
    refused: z.number(),
    from_ms: z.number().nullable(),
    to_ms: z.number().nullable(),
  }),
  baseline_version: z.number().nullable(),
  learns_still: z.array(z.string()),
  notes: z.array(z.string()).default([]),
  incidents: z.array(
    z.object({
      id: z.string(),
      severity: z.string(),
      since_ms: z.number().nullable(),
      opened_at_ms: z.number(),
      closed_at_ms: z.number().nullable(),
      cause: z.string().nullable(),
      headline: z.string(),
      summary: z.string().nullable(),
    }),
  ),
});
export type Outcome = z.output<typeof outcomeSchema>;
type Told = Outcome['incidents'][number];

const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');

/** What the baseline is now, or why there is none. */
export function baselineText(
  model: string,
  { baseline_version: version, learns_still: missing, progress }: Outcome,
): string {
  if (version !== null && progress.as === 'baseline')
    return `${whole(progress.rows)} rows are the baseline of "${model}" (version ${version}): it is compared with them from now on.`;
  if (version === null) return `"${model}" has no baseline yet: ${missing.join('; ') || 'it learns from what comes'}.`;
  return '';
}

/** The story of a history: what mlfi would have told, when, and how long after it began. */
export function storyText(model: string, outcome: Outcome): string {
  const { incidents } = outcome;
  return [
    titleOf(model, outcome),
    '',
    ...(incidents.length === 0 ? ['Nothing: no incident would have been opened.'] : []),
    ...incidents.flatMap((incident) => [
      `${timeText(incident.opened_at_ms)}  [${incident.severity}] ${incident.headline}`,
      ...factsOf(incident).map((fact) => `    ${fact}`),
      ...(incident.summary === null ? [] : [`    ${incident.summary}`]),
      `    mlfi incidents show ${incident.id}`,
      '',
    ]),
  ].join('\n');
}

/** The same as a document. */
export function storyMarkdown(model: string, outcome: Outcome): string {
  const { incidents } = outcome;
  return `${[
    `# ${titleOf(model, outcome).replace(/:$/, '')}`,
    '',
    ...(incidents.length === 0 ? ['Nothing: no incident would have been opened.'] : []),
    ...incidents.flatMap((incident) => [
      `## ${timeText(incident.opened_at_ms)}: ${escaped(incident.headline)}`,
      '',
      `- severity: ${incident.severity}`,
      ...factsOf(incident).map((fact) => `- ${escaped(fact)}`),
      `- all of it: \`mlfi report ${incident.id}\``,
      '',
      ...(incident.summary === null ? [] : [escaped(incident.summary), '']),
    ]),
  ].join('\n')}\n`;
}

function titleOf(model: string, { progress: { rows, from_ms: fromMs, to_ms: toMs } }: Outcome): string {
  const when = fromMs === null || toMs === null ? '' : `, ${timeText(fromMs)} to ${timeText(toMs)}`;
  return `What mlfi would have told you about "${model}"${when} (${whole(rows)} rows):`;
}

function factsOf({
  since_ms: sinceMs,
  opened_at_ms: openedMs,
  closed_at_ms: closedMs,
  cause,
}: Told): readonly string[] {
  return [
    ...(cause === null ? [] : [`most likely cause: ${cause}`]),
    ...(sinceMs === null
      ? []
      : [`began ${timeText(sinceMs)}, told ${durationText(Math.max(0, openedMs - sinceMs))} later`]),
    closedMs === null ? 'still open at the end of this history' : `over ${timeText(closedMs)}`,
  ];
}

/** Text of models and their columns is no markup. */
const escaped = (text: string): string => text.replace(/[\\`*_[\]<>#|]/g, '\\$&');
