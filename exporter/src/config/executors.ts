/** The `governance.executors` section: where approved actions are sent besides `governance.webhooks`. */
import { z } from 'zod';
import type { ActionTarget, AnyActionTarget, TargetedExecutorId } from '../domain/action-target.js';
import { EXECUTABLE_ACTIONS, type ActionId } from '../domain/recommendation.js';
import {
  absolutePath,
  commandLine,
  duration,
  httpUrl,
  label,
  namedTexts,
  ownerAndName,
  slug,
  whole,
} from './fields.js';

const served = {
  name: slug(),
  actions: z.array(z.enum(EXECUTABLE_ACTIONS)).min(1),
  models: z.array(slug()).min(1).max(10_000).optional(),
};
const remote = {
  ...served,
  url: httpUrl(),
  authorization_secret: label(64).optional(),
  // An executor may make half a dozen calls, and governance takes it for dead after ten minutes.
  timeout: duration('100ms', '1m').prefault('10s'),
};
const texts = z.record(label(200), z.string().max(4_096));

const githubWorkflow = z.strictObject({
  ...remote,
  url: httpUrl().default('https://api.github.com'),
  repository: ownerAndName(),
  workflow: label(200),
  ref: label(200).default('main'),
  inputs: texts.default({}),
  correlation_input: label(100).optional(),
  authorization_secret: label(64),
});

const argoWorkflow = z.strictObject({
  ...remote,
  namespace: slug(),
  kind: z.enum(['WorkflowTemplate', 'ClusterWorkflowTemplate', 'CronWorkflow']).default('WorkflowTemplate'),
  template: label(253),
  parameters: texts.default({}),
});

/** What each operation is good for; serving another action with it would do something nobody approved by that name. */
export const OPERATIONS = {
  'rollout-undo': ['rollback'],
  restart: ['restart-endpoint'],
  'scale-out': ['scale-out'],
  'alias-back': ['rollback'],
  'request-retraining': ['retrain', 'recalibrate'],
} as const satisfies Readonly<Record<string, readonly ActionId[]>>;

const kubernetes = z.strictObject({
  ...remote,
  url: httpUrl().default('https://kubernetes.default.svc'),
  namespace: slug(),
  deployment: label(253),
  operation: z.enum(['rollout-undo', 'restart', 'scale-out']),
  add_replicas: whole(1, 1_000).default(1),
  most_replicas: whole(1, 10_000).default(10),
  authorization_secret: label(64),
});

const mlflow = z.strictObject({
  ...remote,
  operation: z.enum(['alias-back', 'request-retraining']),
  registered_model: label(256),
  alias: label(256).default('champion'),
  experiment: label(500).default('Default'),
});

const command = z.strictObject({
  ...served,
  run: commandLine(),
  directory: absolutePath().default('/'),
  environment: texts.default({}),
  authorization_secret: label(64).optional(),
  timeout: duration('100ms', '5m').prefault('1m'),
});

const silence = z.strictObject({
  ...remote,
  matchers: namedTexts(),
  at_most: duration('1m', '1d').prefault('30m'),
  afterwards: duration('0s', '1d').prefault('0s'),
});

const listOf = <T extends z.ZodType>(item: T): z.ZodDefault<z.ZodArray<T>> => z.array(item).max(100).default([]);

export const executors = z
  .strictObject({
    github_workflows: listOf(githubWorkflow),
    argo_workflows: listOf(argoWorkflow),
    kubernetes: listOf(kubernetes),
    mlflow: listOf(mlflow),
    commands: listOf(command),
    alertmanager_silences: listOf(silence),
  })
  .prefault({});

export type ExecutorSettings = z.output<typeof executors>;
/** Sections of `governance.executors`, each a list of targets of one kind. */
export const EXECUTOR_SECTIONS = [
  'github_workflows',
  'argo_workflows',
  'kubernetes',
  'mlflow',
  'commands',
  'alertmanager_silences',
] as const satisfies readonly (keyof ExecutorSettings)[];

/** The configured targets in the domain's terms, in the order of the file. */
export function targetsFrom(settings: ExecutorSettings): readonly AnyActionTarget[] {
  return [
    ...settings.github_workflows.map((one) =>
      target('github-workflow', one, {
        url: one.url,
        repository: one.repository,
        workflow: one.workflow,
        ref: one.ref,
        inputs: one.inputs,
        correlationInput: one.correlation_input ?? null,
      }),
    ),
    ...settings.argo_workflows.map((one) =>
      target('argo-workflow', one, {
        url: one.url,
        namespace: one.namespace,
        kind: one.kind,
        template: one.template,
        parameters: one.parameters,
      }),
    ),
    ...settings.kubernetes.map((one) =>
      target('kubernetes', one, {
        url: one.url,
        namespace: one.namespace,
        deployment: one.deployment,
        operation: one.operation,
        addReplicas: one.add_replicas,
        mostReplicas: one.most_replicas,
      }),
    ),
    ...settings.mlflow.map((one) =>
      target('mlflow', one, {
        url: one.url,
        operation: one.operation,
        registeredModel: one.registered_model,
        alias: one.alias,
        experiment: one.experiment,
      }),
    ),
    ...settings.commands.map((one) =>
      target('command', one, { arguments: one.run, directory: one.directory, environment: one.environment }),
    ),
    ...settings.alertmanager_silences.map((one) =>
      target('alertmanager-silence', one, {
        url: one.url,
        matchers: one.matchers,
        atMostMs: one.at_most,
        afterwardsMs: one.afterwards,
      }),
    ),
  ];
}

function target<E extends TargetedExecutorId>(
  executor: E,
  written: {
    readonly name: string;
    readonly actions: readonly ActionId[];
    readonly models?: readonly string[] | undefined;
    readonly timeout: number;
    readonly authorization_secret?: string | undefined;
  },
  settings: ActionTarget<E>['settings'],
): ActionTarget<E> {
  return {
    executor,
    name: written.name,
    actions: written.actions,
    models: written.models ?? null,
    timeoutMs: written.timeout,
    authorizationSecret: written.authorization_secret ?? null,
    settings,
  };
}
