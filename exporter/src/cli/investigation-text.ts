import { counted, percent, probabilityText } from '../domain/quantity-text.js';
import type { DiscoveryAttempt } from '../domain/discovery.js';
import type { SetupKind, SetupProblem } from '../domain/setup-problem.js';
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

/** The option that says it on the command line, where the advice is one that an option follows. */
function optionFor({ kind, advice }: SetupProblem): string {
  if (kind === 'credentials' && /\bheader\b/.test(advice))
    return ' (--header "Name: @file", --token-file, --basic, --query)';
  if (kind === 'certificate' && /\bauthority\b/.test(advice))
    return ' (--ca FILE, --cert FILE --key FILE, or --insecure)';
  if (TAKES_PAYLOAD.has(kind) && /\bGive\b.*\bpayload\b|\bgive one payload\b/.test(advice)) return ' (--payload @FILE)';
  if (kind === 'wrong-method') return ' (--method PUT)';
  if (kind === 'unknown-answer' && /\bwhere in its response\b/.test(advice)) return ' (--prediction /POINTER)';
  return kind === 'no-answer-in-time' ? ' (--timeout 30s)' : '';
}

const TAKES_PAYLOAD: ReadonlySet<SetupKind> = new Set([
  'payload-needed',
  'not-understood',
  'server-error',
  'error-answer',
  'unknown-answer',
]);

function causeLines({ causes, unexplained }: Investigation['diagnosis'], width: number): string[] {
  const lines = causes
    .slice(0, 4)
    .flatMap((cause) => [
      `  ${probabilityText(cause.probability).padStart(9)}  ${cause.title}`,
      ...cause.supporting.slice(0, 3).map(({ text }) => wrap(`+ ${text}`, width, 11)),
      ...cause.refuting.slice(0, 2).map(({ text }) => wrap(`- ${text}`, width, 11)),
    ]);
  return unexplained === null ? lines : [...lines, wrap(`Unexplained: ${unexplained}`, width, 2)];
}

/** What was sent, and what was read from where. */
function askedLines({ sent, discovery }: Investigation): readonly string[] {
  const from = discovery?.kind === 'found' ? (discovery.answer.from ?? null) : null;
  return [...(sent === null ? [] : [`sent, for one: ${sent}`]), ...(from === null ? [] : [`read: ${from}`])];
}

function nothingWrong({ samples, errorShare }: Investigation): string {
  const failed = Math.round(errorShare * samples);
  return failed === 0
    ? `Answered; ${counted(samples, 'response')} read; nothing wrong seen that ${counted(samples, 'probe')} can show.`
    : `${samples - failed} of ${counted(samples, 'call')} were answered and read; nothing else wrong seen that ${counted(samples, 'probe')} can show.`;
}

/** The diagnosis for a terminal: what is wrong, why, what to do, and what could not be seen. Plain text, `width` columns. */
export function investigationText(investigation: Investigation, isUnverified = false, width = 100): string {
  const { diagnosis, explanation, discovery, setup } = investigation;
  const lines: string[] = [];
  const section = (title: string): number => lines.push('', title);

  const verdict = {
    healthy: 'NOTHING WRONG SEEN',
    failing: `FAILING (${diagnosis.severity})`,
    undecided: 'UNDECIDED',
  }[investigation.verdict];
  const headline = investigation.verdict === 'healthy' ? nothingWrong(investigation) : explanation.headline;
  lines.push(`${verdict}  ${investigation.url}`, '', wrap(headline, width, 2));
  if (isUnverified) lines.push('', wrap('The certificate of the server was not checked (--insecure).', width, 2));
  for (const paragraph of explanation.paragraphs) lines.push('', wrap(paragraph, width, 2));

  section('What was measured');
  const connector = discovery?.kind === 'found' ? discovery.endpoint.connector : 'no connector found';
  lines.push(
    `  ${counted(investigation.samples, 'probe')} (${connector}) · confidence ${orNone(investigation.confidenceMean, '', 2)} · errors ${investigation.verdict === 'undecided' ? 'not judged' : percent(investigation.errorShare)} · median latency ${orNone(investigation.latencyP50Seconds, ' s', 3)}`,
  );
  lines.push(...askedLines(investigation).map((line) => wrap(line, width, 2)));

  // That nothing is wrong is more than a few probes can say.
  if (investigation.verdict === 'failing') lines.push('', 'Causes considered', ...causeLines(diagnosis, width));

  section('What to do');
  if (setup !== null) lines.push(wrap(`${setup.advice}${optionFor(setup)}`, width, 2));
  investigation.recommendations.forEach((recommendation, index) => {
    lines.push(
      `  ${index + 1}. [${recommendation.priority}] ${recommendation.title}`,
      wrap(recommendation.why, width, 5),
    );
    for (const step of recommendation.steps) lines.push(wrap(`· ${step}`, width, 5));
  });

  if (investigation.verdict !== 'healthy' && discovery?.kind === 'not-found' && discovery.attempts.length > 0) {
    section('What was tried');
    for (const line of attemptLines(discovery.attempts).slice(0, 12)) lines.push(wrap(line, width, 2));
  }

  section('What this check cannot show');
  for (const limit of investigation.limits) lines.push(wrap(`· ${limit}`, width, 2));
  // That there is nothing to compare with is among the limits, once for all the checks that compare.
  const spots = diagnosis.blindSpots.filter(({ reason }) => !/\bno baseline\b/.test(reason));
  for (const spot of setup === null ? spots : []) lines.push(wrap(`· ${spot.check}: ${spot.reason}`, width, 2));
  return `${lines.join('\n')}\n`;
}

/** Attempts with one and the same outcome in one line, in the order in which outcomes came. */
function attemptLines(attempts: readonly DiscoveryAttempt[]): readonly string[] {
  const alike = new Map<string, { readonly attempt: DiscoveryAttempt; readonly tried: Set<string> }>();
  for (const attempt of attempts) {
    const key = JSON.stringify([attempt.connector, attempt.outcome]);
    const known = alike.get(key) ?? { attempt, tried: new Set() };
    known.tried.add(attempt.what);
    alike.set(key, known);
  }
  return [...alike.values()].map(
    ({ attempt: { connector, outcome }, tried }) => `${connector}: ${[...tried].join(', ')} → ${outcome}`,
  );
}
