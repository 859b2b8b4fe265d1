import type { Command } from 'commander';
import { z } from 'zod';
import { probabilityText } from '../domain/quantity-text.js';
import { timeText } from '../domain/time-text.js';
import { addServiceOptions, askService, printAnswer, type ServiceOptions } from './service-client.js';

interface ListOptions extends ServiceOptions {
  readonly model?: string;
  readonly all?: boolean;
  readonly limit?: string;
  readonly json?: boolean;
}

/** An incident as the API shows it, as far as the terminal does. */
const incidentSchema = z.object({
  id: z.string(),
  model_id: z.string(),
  opened_at_ms: z.number(),
  closed_at_ms: z.number().nullable(),
  severity: z.string(),
  diagnosis: z.object({
    severity_reason: z.string(),
    causes: z.array(z.object({ title: z.string(), probability: z.number() })),
  }),
  explanation: z.object({ headline: z.string(), summary: z.string().nullable(), paragraphs: z.array(z.string()) }),
  timeline: z.array(z.object({ at_ms: z.number(), text: z.string() })),
});
type Shown = z.output<typeof incidentSchema>;
const listSchema = z.object({ incidents: z.array(incidentSchema) });
const adviceSchema = z.object({
  recommendations: z.array(z.object({ id: z.string(), title: z.string(), priority: z.string(), state: z.string() })),
});

/** Adds the verbs of `mlfi incidents`, asked of the running service. Exit code 0 done, 1 refused. */
export function addIncidentVerbs(program: Command): void {
  const incidents = program.command('incidents').description('what went wrong, as the running mlfi knows it');
  addServiceOptions(
    incidents.command('list').description('open incidents, newest first; --all for closed ones as well'),
  )
    .option('-m, --model <id>', 'of this model only')
    .option('--all', 'closed ones as well')
    .option('--limit <number>', 'how many at most (default: 100)')
    .action(async (options: ListOptions) => {
      const query = new URLSearchParams({
        ...(options.all === true ? {} : { open: 'true' }),
        ...(options.model === undefined ? {} : { model: options.model }),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
      });
      const answer = await askService(options, { method: 'GET', path: `/api/v1/incidents?${query.toString()}` });
      process.exitCode = printAnswer(answer, options.json ?? false, (body) =>
        listText(listSchema.parse(body).incidents, options.all === true),
      );
    });
  addServiceOptions(
    incidents
      .command('show')
      .argument('<incident>')
      .description('what happened, why, what was proposed, and when; `mlfi report` writes all of it'),
  ).action(async (id: string, options: ListOptions) => {
    process.exitCode = await show(id, options);
  });
}

async function show(id: string, options: ListOptions): Promise<number> {
  const answer = await askService(options, { method: 'GET', path: `/api/v1/incidents/${encodeURIComponent(id)}` });
  if (answer.kind === 'refused' || options.json === true) return printAnswer(answer, true, () => '');
  const query = new URLSearchParams({ incident: id });
  const advice = await askService(options, { method: 'GET', path: `/api/v1/recommendations?${query.toString()}` });
  if (advice.kind === 'refused') return printAnswer(advice, false, () => '');
  const { recommendations } = adviceSchema.parse(advice.body);
  return printAnswer(answer, false, (body) => shownText(incidentSchema.parse(body), recommendations));
}

function listText(incidents: readonly Shown[], withClosed: boolean): string {
  if (incidents.length === 0) return withClosed ? 'no incident is stored yet' : 'no incident is open';
  return incidents
    .map(({ id, severity, model_id, opened_at_ms, closed_at_ms, explanation }) => {
      const when = `${timeText(opened_at_ms)}${closed_at_ms === null ? '' : `, closed ${timeText(closed_at_ms)}`}`;
      const { headline } = explanation;
      const what = headline.startsWith(`${model_id}: `) ? headline : `${model_id}: ${headline}`;
      return `${id}  ${severity.padEnd(8)} ${what} (${when})`;
    })
    .join('\n');
}

const CAUSES_SHOWN = 3;

function shownText(
  { id, model_id, opened_at_ms, closed_at_ms, severity, diagnosis, explanation, timeline }: Shown,
  recommendations: z.output<typeof adviceSchema>['recommendations'],
): string {
  return [
    explanation.headline,
    `  model     ${model_id}`,
    `  severity  ${severity}: ${diagnosis.severity_reason}`,
    `  opened    ${timeText(opened_at_ms)}`,
    `  closed    ${closed_at_ms === null ? 'not yet' : timeText(closed_at_ms)}`,
    `  causes    ${
      diagnosis.causes
        .slice(0, CAUSES_SHOWN)
        .map(({ title, probability }) => `${title} (${probabilityText(probability)})`)
        .join('; ') || 'none'
    }`,
    ...[explanation.summary ?? '', ...explanation.paragraphs].flatMap((text) => (text === '' ? [] : ['', text])),
    '',
    'What to do:',
    ...(recommendations.length === 0 ? ['  nothing is proposed'] : []),
    ...recommendations.map(
      ({ id: advice, title, priority, state }) => `  ${advice}  [${priority}] ${title} (${state})`,
    ),
    '',
    'What happened:',
    ...timeline.map(({ at_ms, text }) => `  ${timeText(at_ms)}  ${text}`),
    '',
    `mlfi report ${id} · mlfi decisions show <recommendation>`,
  ].join('\n');
}
