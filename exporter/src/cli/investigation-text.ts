import { counted, percent } from '../domain/quantity-text.js';
import type { Investigation } from '../domain/investigation.js';

const orNone = (value: number | null, unit: string, digits: number): string =>
  value === null ? 'not given' : `${value.toFixed(digits)}${unit}`;

/** Wraps text at `width` columns, every line indented by `indent` spaces. */
function wrap(text: string, width: number, indent: number): string {
  const pad = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(pad + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(pad + line);
  return lines.join('\n');
}

/** The diagnosis for a terminal: what is wrong, why, what to do, and what could not be seen. Plain text, `width` columns. */
export function investigationText(investigation: Investigation, width = 100): string {
  const { diagnosis, explanation, discovery } = investigation;
  const lines: string[] = [];
  const section = (title: string): number => lines.push('', title);

  const verdict = { healthy: 'HEALTHY', failing: `FAILING (${diagnosis.severity})`, undecided: 'UNDECIDED' }[
    investigation.verdict
  ];
  lines.push(`${verdict}  ${investigation.url}`, '', wrap(explanation.headline, width, 2));
  for (const paragraph of explanation.paragraphs) lines.push('', wrap(paragraph, width, 2));

  section('What was measured');
  const connector = discovery.kind === 'found' ? discovery.endpoint.connector : 'no connector found';
  lines.push(
    `  ${counted(investigation.samples, 'probe')} (${connector}) · confidence ${orNone(investigation.confidenceMean, '', 2)} · errors ${percent(investigation.errorShare)} · median latency ${orNone(investigation.latencyP50Seconds, ' s', 3)}`,
  );

  section('Causes considered');
  for (const cause of diagnosis.causes.slice(0, 4)) {
    lines.push(`  ${percent(cause.probability).padStart(7)}  ${cause.title}`);
    for (const statement of cause.supporting.slice(0, 3)) lines.push(wrap(`+ ${statement.text}`, width, 11));
    for (const statement of cause.refuting.slice(0, 2)) lines.push(wrap(`- ${statement.text}`, width, 11));
  }
  if (diagnosis.unexplained !== null) lines.push(wrap(`Unexplained: ${diagnosis.unexplained}`, width, 2));

  section('What to do');
  investigation.recommendations.forEach((recommendation, index) => {
    lines.push(
      `  ${index + 1}. [${recommendation.priority}] ${recommendation.title}`,
      wrap(recommendation.why, width, 5),
    );
    for (const step of recommendation.steps) lines.push(wrap(`· ${step}`, width, 5));
  });

  if (investigation.verdict !== 'healthy' && discovery.kind === 'not-found') {
    section('What was tried');
    for (const attempt of discovery.attempts.slice(0, 12))
      lines.push(wrap(`${attempt.connector}: ${attempt.what} → ${attempt.outcome}`, width, 2));
  }

  section('What this check cannot show');
  for (const limit of investigation.limits) lines.push(wrap(`· ${limit}`, width, 2));
  for (const spot of diagnosis.blindSpots) lines.push(wrap(`· ${spot.check}: ${spot.reason}`, width, 2));
  return `${lines.join('\n')}\n`;
}
