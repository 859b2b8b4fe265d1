import type { Command } from 'commander';
import { z } from 'zod';
import type { Json } from '../domain/json.js';
import {
  addServiceOptions,
  askService,
  printAnswer,
  type ServiceOptions,
  type ServiceRequest,
} from './service-client.js';

interface VerbOptions extends ServiceOptions {
  readonly reason?: string;
  readonly ticket?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** A recommendation as the API shows it, as far as the terminal does. */
const recommendationSchema = z.object({
  id: z.string(),
  model_id: z.string(),
  title: z.string(),
  priority: z.string(),
  state: z.string(),
  why: z.string(),
  steps: z.array(z.string()),
  digest: z.string(),
  expires_at_ms: z.number(),
  plan: z.object({ executor: z.string(), target: z.string(), parameters: z.unknown() }).nullable(),
  required_approvals: z.number(),
  votes: z.array(z.object({ verdict: z.string(), reason: z.string(), by: z.object({ name: z.string() }) })),
  /** Null in lists and in answers to a vote. */
  dry_run: z.string().nullable(),
});
type Shown = z.output<typeof recommendationSchema>;
const listSchema = z.object({ recommendations: z.array(recommendationSchema) });
const stateSchema = recommendationSchema.pick({ title: true, state: true });
const killSwitchSchema = z.object({
  configured: z.boolean(),
  on: z.boolean(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
});

/** Everything `mlfi` can ask of the running service about decisions, a verb each. */
interface Verb {
  readonly words: string;
  readonly description: string;
  /** Whether a reason has to be given, which goes on record. */
  readonly reasoned: boolean;
  readonly request: (given: readonly string[], options: VerbOptions) => ServiceRequest;
  readonly text: (body: Json) => string;
}

const post = (path: string, body: Readonly<Record<string, Json | undefined>>): ServiceRequest => ({
  method: 'POST',
  path: `/api/v1/${path}`,
  body: Object.fromEntries(Object.entries(body).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
});
const vote =
  (verdict: 'approve' | 'reject'): Verb['request'] =>
  ([id, digest], { reason, ticket }) =>
    post('votes', {
      recommendation_id: id,
      digest,
      verdict,
      reason,
      break_glass: ticket === undefined ? undefined : { ticket },
    });
const about =
  (path: string): Verb['request'] =>
  ([id], { reason }) =>
    post(path, { recommendation_id: id, reason });

const VERBS: readonly Verb[] = [
  {
    words: 'decisions list',
    description: 'what waits for a decision; --all for everything decided as well',
    reasoned: false,
    request: (_, { all }) => ({
      method: 'GET',
      path: `/api/v1/recommendations${all === true ? '' : '?pending=true'}`,
    }),
    text: (body) => listText(listSchema.parse(body).recommendations),
  },
  {
    words: 'decisions show <recommendation>',
    description: 'what exactly would be done, why, who may say so, and the digest a vote must name',
    reasoned: false,
    request: ([id]) => ({ method: 'GET', path: `/api/v1/recommendations/${encodeURIComponent(id ?? '')}` }),
    text: shownText,
  },
  {
    words: 'decisions propose <incident> <action>',
    description: 'put an action on the table of an open incident',
    reasoned: true,
    request: ([id, action], { reason }) => post('recommendations', { incident_id: id, action, why: reason }),
    text: shownText,
  },
  {
    words: 'decisions approve <recommendation> <digest>',
    description: 'approve exactly what `decisions show` showed; --ticket breaks the glass and decides alone',
    reasoned: true,
    request: vote('approve'),
    text: stateText,
  },
  {
    words: 'decisions reject <recommendation> <digest>',
    description: 'reject exactly what `decisions show` showed',
    reasoned: true,
    request: vote('reject'),
    text: stateText,
  },
  {
    words: 'decisions revoke <recommendation>',
    description: 'take an approval back before anything was sent',
    reasoned: true,
    request: about('revocations'),
    text: stateText,
  },
  {
    words: 'decisions withdraw <recommendation>',
    description: 'take a pending recommendation off the table',
    reasoned: true,
    request: about('withdrawals'),
    text: stateText,
  },
  {
    words: 'decisions outcome <recommendation> <succeeded|failed>',
    description: 'say what became of an action whose answer was lost, or that a person carried out',
    reasoned: true,
    request: ([id, outcome], { reason }) => post('outcomes', { recommendation_id: id, outcome, reason }),
    text: stateText,
  },
  {
    words: 'decisions review <recommendation>',
    description: 'review a decision somebody else took alone by breaking the glass',
    reasoned: true,
    request: about('reviews'),
    text: () => 'reviewed',
  },
  {
    words: 'kill-switch show',
    description: 'whether executions are stopped',
    reasoned: false,
    request: () => ({ method: 'GET', path: '/api/v1/kill-switch' }),
    text: killSwitchText,
  },
  ...(['on', 'off'] as const).map((position): Verb => ({
    words: `kill-switch ${position}`,
    description: position === 'on' ? 'stop every execution' : 'let executions go on',
    reasoned: true,
    request: (_, { reason }) => ({
      method: 'PUT',
      path: '/api/v1/kill-switch',
      body: { on: position === 'on', reason: reason ?? '' },
    }),
    text: killSwitchText,
  })),
  ...(['useful', 'useless'] as const).map((word): Verb => ({
    words: `feedback ${word} <incident>`,
    description: `say that the alert of an incident was ${word === 'useful' ? '' : 'not '}useful`,
    reasoned: true,
    request: ([id], { reason }) => post('feedback', { incident_id: id, useful: word === 'useful', reason }),
    text: () => 'on record; `mlfi learning show` says where the alert thresholds stand',
  })),
  {
    words: 'learning show',
    description: 'what ranks the actions and moves the alert thresholds',
    reasoned: false,
    request: () => ({ method: 'GET', path: '/api/v1/learning' }),
    text: (body) => JSON.stringify(body, null, 2),
  },
  {
    words: 'learning reset',
    description: 'back to the rules: lessons and feedback so far are kept, but no longer used',
    reasoned: true,
    request: (_, { reason }) => post('learning/reset', { reason }),
    text: () => 'reset',
  },
];

const GROUPS: Readonly<Record<string, string>> = {
  decisions: 'list and decide what mlfi proposes',
  'kill-switch': 'stop every execution, or let them go on',
  feedback: 'say of an alert whether it was useful',
  learning: 'what is learnt from what happened',
};

/** Adds every verb to the program. Exit code 0 done, 1 refused. */
export function addDecisionVerbs(program: Command): void {
  const groups = new Map(
    Object.entries(GROUPS).map(([name, description]) => [name, program.command(name).description(description)]),
  );
  for (const verb of VERBS) {
    const [group, name, ...parameters] = verb.words.split(' ');
    const command = groups
      .get(group ?? '')
      ?.command([name, ...parameters].join(' '))
      .description(verb.description);
    if (command === undefined) throw new Error(`the verb "${verb.words}" belongs to no group`);
    addServiceOptions(command);
    if (verb.reasoned) command.requiredOption('-r, --reason <text>', 'goes on record; at least 3 characters');
    if (verb.words.startsWith('decisions approve'))
      command.option('--ticket <id>', 'break the glass: decide alone, to be reviewed afterwards');
    if (verb.words === 'decisions list') command.option('--all', 'what was decided as well');
    command.action(async () => {
      process.exitCode = await run(verb, command.args, command.opts<VerbOptions>());
    });
  }
}

async function run(verb: Verb, given: readonly string[], options: VerbOptions): Promise<number> {
  const answer = await askService(options, verb.request(given, options));
  return printAnswer(answer, options.json ?? false, verb.text);
}

function listText(recommendations: readonly Shown[]): string {
  if (recommendations.length === 0) return 'nothing waits for a decision';
  return recommendations
    .map(
      ({ id, state, priority, model_id, title }) =>
        `${id}  ${state.padEnd(10)} ${priority.padEnd(8)} ${model_id}: ${title}`,
    )
    .join('\n');
}

function shownText(body: Json): string {
  const { id, state, title, model_id, why, steps, plan, votes, digest, expires_at_ms, required_approvals, dry_run } =
    recommendationSchema.parse(body);
  return [
    `${title}  (${model_id}, ${state === 'succeeded' && plan?.executor === 'webhook' ? 'taken by the receiver' : state})`,
    `  why       ${why}`,
    ...steps.map((step, i) => `  ${i === 0 ? 'steps' : '     '}     ${i + 1}. ${step}`),
    `  plan      ${plan === null ? 'advice for people, nothing is executed' : `${plan.executor} ${plan.target} ${JSON.stringify(plan.parameters)}`}`,
    `  dry run   ${dry_run ?? 'not made'}`,
    `  approvals ${votes.filter(({ verdict }) => verdict === 'approve').length} of ${required_approvals}`,
    ...votes.map(({ by, verdict, reason }) => `            ${by.name}: ${verdict}, ${reason}`),
    `  expires   ${new Date(expires_at_ms).toISOString()}`,
    `  digest    ${digest}`,
    ...(state === 'pending' ? ['', `mlfi decisions approve ${id} ${digest} --reason "…"`] : []),
  ].join('\n');
}

function stateText(body: Json): string {
  const { title, state } = stateSchema.parse(body);
  return `${title}: ${state}`;
}

function killSwitchText(body: Json): string {
  const { configured, on, reason, by } = killSwitchSchema.parse(body);
  if (!configured && !on) return 'Kill switch off: approved actions are carried out';
  const setBy = [
    on ? `${by ?? 'a person'}: ${reason ?? 'no reason given'}` : '',
    configured ? 'the configuration' : '',
  ];
  return `Kill switch ON (set by ${setBy.filter(Boolean).join('; and by ')}): no action will start`;
}
