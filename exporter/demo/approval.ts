/** The person's decision on the plan of the story: shown, asked for, and sent as any vote is. */
import type { DecisionRecord } from '../src/domain/decision-record.js';
import type { RecommendationState } from '../src/domain/recommendation.js';
import { listed, told } from './chapters.js';
import { printable } from './render.js';
import type { Stage } from './stage.js';

export type Decided =
  | { readonly kind: 'approved'; readonly record: DecisionRecord }
  | { readonly kind: 'rejected' }
  /** It was replaced or withdrawn, or somebody else decided otherwise. */
  | { readonly kind: 'gone'; readonly state: RecommendationState };

const TIMEOUT_MS = 30_000;

/** Shows a plan and waits for somebody to decide on it: a key, `--yes`, or a vote that comes over the API. */
export async function askForDecision(stage: Stage, plan: DecisionRecord): Promise<Decided> {
  const { options, ports, started, say, until } = stage;
  const { decisions } = started.service.application;
  await show(stage, plan);
  const { id, digest } = plan.recommendation;
  const votes = { y: 'approve', n: 'reject' } as const;
  const typed: { verdict: 'approve' | 'reject' | null } = { verdict: options.approves ? 'approve' : null };
  if (options.approves) say('--yes approves it, as you.');
  else if (ports.keyboard !== null) {
    ports.keyboard.listen((key) => {
      if (key === 'y' || key === 'n') typed.verdict = votes[key];
    });
  } else ports.screen.print(byCommand(stage, plan));
  return until(
    async () => {
      if (typed.verdict !== null) {
        const refusal = await vote(stage, id, digest, typed.verdict);
        if (refusal !== null) say(`The vote was refused: ${printable(refusal)}`);
        typed.verdict = null;
      }
      const record = await decisions.record(id);
      const { state } = record.recommendation;
      if (state === 'pending') return null;
      if (state === 'rejected') return { kind: 'rejected' };
      if (record.execution !== null) return { kind: 'approved', record };
      return state === 'approved' ? { kind: 'approved', record } : { kind: 'gone', state };
    },
    () => (ports.keyboard === null || options.approves ? 'waiting for a vote' : 'Approve? y = yes, n = no'),
  );
}

async function show({ started, options, ports, say }: Stage, { recommendation }: DecisionRecord): Promise<void> {
  const { dryRun } = await started.service.application.decisions.record(recommendation.id);
  ports.screen.print(told(`[${recommendation.priority}] ${recommendation.title}`, options.width));
  for (const step of recommendation.steps) ports.screen.print(listed(step, options.width));
  if (dryRun !== null) say(`Dry run: ${dryRun}`);
  say(`Risk: ${recommendation.risk}`);
  say(`Nothing is sent before a person approves exactly this (digest ${recommendation.digest.slice(0, 12)}…).`);
}

const byCommand = ({ started }: Stage, { recommendation: { id, digest } }: DecisionRecord): readonly string[] => [
  '  To approve it, in a second terminal:',
  `    export MLFI_URL=${started.service.address} MLFI_TOKEN=${started.personToken}`,
  `    node exporter/dist/src/main.js decisions approve ${id} ${digest} --reason "the unit is wrong"`,
];

/** @returns why it was refused, null when it counts */
async function vote(
  { started }: Stage,
  id: string,
  digest: string,
  verdict: 'approve' | 'reject',
): Promise<string | null> {
  const response = await fetch(`${started.service.address}/api/v1/votes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${started.personToken}` },
    body: JSON.stringify({ recommendation_id: id, digest, verdict, reason: 'decided in the demo' }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return response.ok ? null : response.text();
}
