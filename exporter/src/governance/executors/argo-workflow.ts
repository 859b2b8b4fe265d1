import { isObject } from '../../domain/json.js';
import { createHash } from 'node:crypto';
import type { Execution } from '../../domain/decision.js';
import { outcomeOf, unreadable } from './outcome.js';
import { textAt, type Protocol, type Site } from './protocol.js';

type ArgoSite = Site<'argo-workflow'>;

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
    async prepare(site) {
      const { kind, template, namespace, parameters } = site.settings;
      const reply = await site.call(
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
    async execute(site, plan, execution) {
      const { kind, template, namespace, parameters } = site.settings;
      const name = workflowName(execution);
      const reply = await site.call('POST', `${workflowsPath(site)}/submit`, {
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
    async lookup(site, _plan, execution) {
      const name = workflowName(execution);
      const reply = await site.call('GET', `${workflowsPath(site)}/${name}`);
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
