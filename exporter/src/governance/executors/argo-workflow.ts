import { isObject } from '../../domain/json.js';
import { createHash } from 'node:crypto';
import type { Execution } from '../../domain/decision.js';
import { outcomeOf, unreadable } from './outcome.js';
import { textAt, type Protocol, type TargetContext } from './protocol.js';

type ArgoSite = TargetContext<'argo-workflow'>;

/** Where the server keeps each kind of template. */
const TEMPLATES = {
  WorkflowTemplate: (namespace: string) => `/api/v1/workflow-templates/${namespace}`,
  ClusterWorkflowTemplate: () => '/api/v1/cluster-workflow-templates',
  CronWorkflow: (namespace: string) => `/api/v1/cron-workflows/${namespace}`,
} as const;

/**
 * The workflow's name for an execution: `mlfi-` and 32 hexadecimal digits of the SHA-256 of its id, which is a name by RFC 1123.
 * The same execution always gets the same name, so a second submission is refused by the server.
 */
export function workflowName(execution: Pick<Execution, 'id'>): string {
  return `mlfi-${createHash('sha256').update(execution.id).digest('hex').slice(0, 32)}`;
}

/** Submits a workflow from a template to an Argo Workflows server, under a name that can exist only once. */
export function createArgoWorkflowProtocol(): Protocol<'argo-workflow'> {
  return {
    executor: 'argo-workflow',
    repetition: 'lookup',
    async prepare(context) {
      const { kind, template, namespace, parameters } = context.settings;
      const reply = await context.call(
        'GET',
        `${TEMPLATES[kind](encodeURIComponent(namespace))}/${encodeURIComponent(template)}`,
      );
      return reply.kind === 'answer' && reply.status === 200
        ? {
            kind: 'ready',
            text: `would submit ${kind} ${template} in namespace ${namespace} with ${JSON.stringify(parameters)}`,
          }
        : {
            kind: 'impossible',
            reason: `Argo Workflows cannot be asked about ${kind} ${template}: ${unreadable(reply)}`,
          };
    },
    async execute(context, plan, execution) {
      const { kind, template, namespace, parameters } = context.settings;
      const name = workflowName(execution);
      const reply = await context.call('POST', `${workflowsPath(context)}/submit`, {
        body: {
          namespace,
          resourceKind: kind,
          resourceName: template,
          submitOptions: {
            name,
            parameters: Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
            labels: `mlfi.io/model=${textAt(plan.parameters, 'model') ?? ''},mlfi.io/action=${textAt(plan.parameters, 'action') ?? ''}`,
          },
        },
      });
      if (reply.kind === 'answer' && reply.status === 409)
        return { kind: 'succeeded', detail: `workflow ${name} was submitted already` };
      return outcomeOf(reply, () => ({
        kind: 'succeeded',
        detail: `workflow ${name} was submitted; how it ends is Argo's to tell`,
      }));
    },
    async lookup(context, _plan, execution) {
      const name = workflowName(execution);
      const reply = await context.call('GET', `${workflowsPath(context)}/${name}`);
      if (reply.kind === 'answer' && reply.status === 200 && isObject(reply.json))
        return {
          kind: 'succeeded',
          detail: `workflow ${name} is ${textAt(reply.json, 'status', 'phase') ?? 'submitted'}`,
        };
      return reply.kind === 'answer' && reply.status === 404
        ? { kind: 'not-received', detail: `there is no workflow ${name}` }
        : { kind: 'unknown', detail: `Argo Workflows cannot be asked about workflow ${name}: ${unreadable(reply)}` };
    },
  };
}

const workflowsPath = ({ settings }: ArgoSite): string => `/api/v1/workflows/${encodeURIComponent(settings.namespace)}`;
