import type { Clock } from '../../domain/ports.js';
import { outcomeOf, unreadable } from './outcome.js';
import { listAt, numberAt, textAt, type Protocol, type TargetContext } from './protocol.js';

const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };
/** A dispatched run is listed within seconds; only after this does its absence prove anything. */
const LISTED_AFTER_MS = 120_000;
const SKEW_MS = 60_000;

type GithubSite = TargetContext<'github-workflow'>;

/**
 * Starts a GitHub Actions workflow with a `workflow_dispatch` event. GitHub takes no idempotency key: with a correlation
 * input that appears in the workflow's `run-name`, runs are found by the execution's id; without one a lost answer stays unknown.
 */
export function createGithubWorkflowProtocol(clock: Clock): Protocol<'github-workflow'> {
  return {
    executor: 'github-workflow',
    repetition: 'lookup',
    async prepare(context) {
      const { repository, workflow, ref, inputs, correlationInput } = context.settings;
      const reply = await context.call('GET', workflowPath(context), { headers: HEADERS });
      if (reply.kind !== 'answer' || reply.status !== 200)
        return {
          kind: 'impossible',
          reason: `GitHub cannot be asked about workflow ${workflow} of ${repository}: ${unreadable(reply)}`,
        };
      const state = textAt(reply.json, 'state');
      if (state !== null && state !== 'active')
        return { kind: 'impossible', reason: `workflow ${workflow} is ${state}` };
      const given = correlationInput === null ? inputs : { ...inputs, [correlationInput]: '<execution id>' };
      return {
        kind: 'ready',
        text: `would start workflow "${textAt(reply.json, 'name') ?? workflow}" of ${repository} on ${ref} with ${JSON.stringify(given)}`,
      };
    },
    async execute(context, _plan, execution) {
      const { ref, inputs, correlationInput } = context.settings;
      const reply = await context.call('POST', `${workflowPath(context)}/dispatches`, {
        headers: HEADERS,
        body: {
          ref,
          inputs: correlationInput === null ? inputs : { ...inputs, [correlationInput]: execution.id },
          return_run_details: true,
        },
      });
      return outcomeOf(reply, ({ json }) => {
        const run = numberAt(json, 'workflow_run_id');
        const url = textAt(json, 'html_url');
        return {
          kind: 'succeeded',
          detail:
            run === null
              ? 'GitHub took the event; it named no run'
              : `run ${run} was started${url === null ? '' : `: ${url}`}`,
        };
      });
    },
    async lookup(context, _plan, execution) {
      if (context.settings.correlationInput === null)
        return { kind: 'unknown', detail: 'without correlation_input a run cannot be distinguished from others' };
      const sentAtMs = execution.startedAtMs ?? execution.queuedAtMs;
      // An execution taken over after a crash has a younger start than the event that may have been sent.
      const since = new Date(execution.queuedAtMs - SKEW_MS).toISOString().replace(/\.\d+Z$/, 'Z');
      const query = new URLSearchParams({ event: 'workflow_dispatch', created: `>=${since}`, per_page: '100' });
      const reply = await context.call('GET', `${workflowPath(context)}/runs?${query.toString()}`, {
        headers: HEADERS,
      });
      if (reply.kind !== 'answer' || reply.status !== 200)
        return { kind: 'unknown', detail: `GitHub cannot be asked for runs: ${unreadable(reply)}` };
      const runs = listAt(reply.json, 'workflow_runs');
      const ours = runs.find((run) =>
        [textAt(run, 'display_title'), textAt(run, 'name')].some((title) => title?.includes(execution.id) === true),
      );
      if (ours !== undefined)
        return {
          kind: 'succeeded',
          detail: `run ${numberAt(ours, 'id') ?? '?'} was started: ${textAt(ours, 'html_url') ?? ''}`,
        };
      const complete = (numberAt(reply.json, 'total_count') ?? Infinity) <= runs.length;
      return complete && clock.now() - sentAtMs > LISTED_AFTER_MS
        ? { kind: 'not-received', detail: 'no run since then carries the id of this execution' }
        : { kind: 'unknown', detail: 'no run with the id of this execution is listed yet' };
    },
  };
}

const workflowPath = ({ settings }: GithubSite): string =>
  `/repos/${settings.repository.split('/').map(encodeURIComponent).join('/')}/actions/workflows/${encodeURIComponent(settings.workflow)}`;
