import { wholePercent } from '../src/domain/quantity-text.js';
import type { ModelStatus } from '../src/domain/model-status.js';
import type { IncidentRow } from '../src/domain/incident.js';
import type { Proposal } from '../src/domain/recommendation.js';
import type { Verdict } from './expectations.js';

const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;

/** Text that came from a model, fit for a terminal: no control characters (they could rewrite the screen), at most `longest` long. */
export function printable(text: string, longest = 2_000): string {
  const clean = text.replaceAll(CONTROL, ' ');
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 1)}…`;
}

/** Breaks text at spaces into lines of at most `width` columns, each after `indent`. A longer word gets a line of its own. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  // A figure and its % stay together.
  for (const word of printable(text)
    .split(/ (?!%)/)
    .filter(Boolean)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}

const COLUMNS = [16, 12, 9, 11, 8, 9] as const;
/** On a narrow terminal the verdict matters more than state, confidence and latency. */
const NARROW: readonly number[] = [0, 2, 4, 6];
const NARROW_BELOW = 90;
const row = (cells: readonly string[], width: number): string =>
  cells
    .map((cell, column) =>
      column === 0 || column === 1 || column > 5
        ? cell.padEnd(COLUMNS[column] ?? 0)
        : cell.padStart(COLUMNS[column] ?? 0),
    )
    .filter((_, column) => width >= NARROW_BELOW || NARROW.includes(column))
    .join(' ')
    .trimEnd();

export const liveHeader = (width: number): string =>
  row(['model', 'state', 'samples', 'confidence', 'errors', 'latency', ' verdict'], width);

function latencyText(latencySeconds: number | null): string {
  if (latencySeconds === null) return '–';
  return latencySeconds < 1 ? `${(latencySeconds * 1_000).toFixed(0)} ms` : `${latencySeconds.toFixed(1)} s`;
}

/** One model in one line: state, samples so far, mean confidence, share of failed calls, median latency, verdict. */
export function liveLine(status: ModelStatus, verdict: Verdict, width: number): string {
  const { model } = status;
  const cells = [
    printable(model.id, COLUMNS[0]),
    printable(model.state, COLUMNS[1]),
    `${status.totalSamples}`,
    status.confidenceMean === null ? '–' : status.confidenceMean.toFixed(2),
    `${wholePercent(status.errorShare)}`,
    latencyText(status.latencyP50Seconds),
    verdict.kind === 'reached'
      ? ` ✓ ${verdict.text}${presentCause(status, verdict.text)}`
      : ` … ${printable(verdict.text, 80)}${verdict.text === 'learning' ? progressOf(status) : ''}`,
  ];
  return row(cells, width);
}

/** What the incident says by now, where that is not what it said when the verdict was reached. */
function presentCause({ incident }: ModelStatus, reached: string): string {
  const cause = incident?.diagnosis.causes[0]?.id;
  return cause === undefined || reached.startsWith(cause) ? '' : `, by now ${cause} (${incident?.severity})`;
}

/** How much of what a baseline needs has come, or what else it waits for. */
function progressOf({ learning }: ModelStatus): string {
  if (learning?.verdict.kind !== 'learning') return '';
  const { samples, requiredSamples, missing } = learning.verdict;
  if (samples < requiredSamples) return ` ${samples}/${requiredSamples}`;
  return missing[0] === undefined ? '' : `: ${printable(missing[0], 70)}`;
}

/** The investigation of one incident in plain English: what, why, what to do first, where to read on. */
export function incidentBlock(
  incident: IncidentRow,
  recommendations: readonly Proposal[],
  readOn: string,
  width: number,
): readonly string[] {
  const { explanation } = incident;
  const mark = `▲ ${incident.severity.toUpperCase()}  `;
  const [headline = '', ...more] = wrapped(explanation.headline, width - mark.length, '');
  const lines = [
    '',
    mark + headline,
    ...more.map((line) => `  ${line}`),
    ...explanation.paragraphs.flatMap((paragraph) => ['', ...wrapped(paragraph, width, '  ')]),
  ];
  if (recommendations.length > 0) lines.push('', '  What to do:');
  recommendations.slice(0, 3).forEach((recommendation, index) => {
    const [first = '', ...rest] = wrapped(`[${recommendation.priority}] ${recommendation.title}`, width - 5, '');
    lines.push(
      `  ${index + 1}. ${first}`,
      ...rest.map((line) => `     ${line}`),
      ...wrapped(recommendation.why, width, '     '),
    );
  });
  return [...lines, '', `  More: ${readOn}`, ''];
}

const UP_AND_CLEAR_BELOW = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[0J`);

/**
 * What to write to a terminal to take back the last live block, print `permanent` lines for good and draw the live
 * block anew below them. Live lines are cut at `width`, so that none takes two rows.
 */
export function redraw(
  previousLiveLines: number,
  permanent: readonly string[],
  live: readonly string[],
  width: number,
): string {
  const cut = live.map((line) => (line.length < width ? line : `${line.slice(0, Math.max(1, width - 2))}…`));
  return `${UP_AND_CLEAR_BELOW(previousLiveLines)}${[...permanent, ...cut].map((line) => `${line}\n`).join('')}`;
}
