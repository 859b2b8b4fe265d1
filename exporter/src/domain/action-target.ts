/** Where an approved action can be sent: the operator's configured targets, and how one of them becomes a plan. */
import type { JsonObject, Json } from './json.js';
import type { ActionId } from './recommendation.js';
import type { ExecutorId, Plan } from './executor.js';

/** What each executor needs to know about its place. Texts may hold `{model}`, `{action}`, `{cause}`, `{version}` and `{previous_version}`. */
export interface SettingsByExecutor {
  readonly webhook: { readonly url: string };
  readonly 'github-workflow': {
    readonly url: string;
    /** `owner/name` */
    readonly repository: string;
    /** File name or number of the workflow. */
    readonly workflow: string;
    readonly ref: string;
    readonly inputs: Readonly<Record<string, string>>;
    /** Input that takes the execution id and appears in the workflow's `run-name`; null = runs cannot be looked up. */
    readonly correlationInput: string | null;
  };
  readonly 'argo-workflow': {
    readonly url: string;
    readonly namespace: string;
    readonly kind: 'WorkflowTemplate' | 'ClusterWorkflowTemplate' | 'CronWorkflow';
    readonly template: string;
    readonly parameters: Readonly<Record<string, string>>;
  };
  readonly kubernetes: {
    readonly url: string;
    readonly namespace: string;
    readonly deployment: string;
    readonly operation: 'rollout-undo' | 'restart' | 'scale-out';
    /** For `scale-out`: replicas added, and the number never exceeded. */
    readonly addReplicas: number;
    readonly mostReplicas: number;
  };
  readonly mlflow: {
    readonly url: string;
    readonly operation: 'alias-back' | 'request-retraining';
    readonly registeredModel: string;
    /** Alias that serving follows, for `alias-back`. */
    readonly alias: string;
    /** Experiment that takes the request, for `request-retraining`. */
    readonly experiment: string;
  };
  readonly command: {
    /** The program and its arguments; no shell ever reads them. */
    readonly arguments: readonly string[];
    readonly directory: string;
    readonly environment: Readonly<Record<string, string>>;
  };
  readonly 'alertmanager-silence': {
    readonly url: string;
    readonly matchers: Readonly<Record<string, string>>;
    /** The silence ends by itself after this, whatever happens to mlfi. */
    readonly atMostMs: number;
    /** How long it stays after an action that was carried out. */
    readonly afterwardsMs: number;
  };
}

/** Executors that need a configured place; the others act inside mlfi. */
export type TargetedExecutorId = keyof SettingsByExecutor & ExecutorId;

/** One configured place that carries out some actions for some models. */
export interface ActionTarget<E extends TargetedExecutorId> {
  readonly executor: E;
  /** Name given by the operator. */
  readonly name: string;
  readonly actions: readonly ActionId[];
  /** Ids of the models served; null = all. */
  readonly models: readonly string[] | null;
  readonly timeoutMs: number;
  /** Name of the secret sent as `Authorization`; null = none. */
  readonly authorizationSecret: string | null;
  readonly settings: SettingsByExecutor[E];
}

export type AnyActionTarget = { readonly [E in TargetedExecutorId]: ActionTarget<E> }[TargetedExecutorId];

/** What an action is about; fills the placeholders and travels in the plan. */
export interface PlanSubject {
  readonly action: ActionId;
  readonly model: string;
  readonly cause: string;
  readonly features: readonly string[];
  /** The version in service; of a rollback the one that is rolled back. */
  readonly version: string | null;
  /** What a rollback goes back to, where that is known by name. */
  readonly previousVersion?: string | null;
}

/** An unfilled placeholder: what stands for it has no value that is safe to pass on. */
export const PLACEHOLDER = /\{(model|action|cause|version|previous_version)\}/;
/** Text that cannot be taken for an option, a path, a header or markup. */
const SAFE_VALUE = /^[A-Za-z0-9][A-Za-z0-9._+:-]{0,127}$/;

/** Settings with every placeholder filled; one without a safe value stays, for the executor to refuse. */
export function filledSettings<T>(settings: T, subject: PlanSubject): T {
  const values: Readonly<Record<string, string | null>> = {
    model: subject.model,
    action: subject.action,
    cause: subject.cause,
    version: subject.version,
    previous_version: subject.previousVersion ?? null,
  };
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value.replaceAll(new RegExp(PLACEHOLDER, 'g'), (placeholder: string, name: string) => {
        const text = values[name] ?? '';
        return SAFE_VALUE.test(text) ? text : placeholder;
      });
    }
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner)]));
  };
  return fill(settings) as T;
}

/** The target that carries out the action for the model: one that names the model before one for all. */
export function targetFor(
  targets: readonly AnyActionTarget[],
  executor: 'action' | 'silence',
  { action, model }: Pick<PlanSubject, 'action' | 'model'>,
): AnyActionTarget | null {
  const fitting = targets.filter(
    (target) =>
      (target.executor === 'alertmanager-silence') === (executor === 'silence') &&
      target.actions.includes(action) &&
      (target.models === null || target.models.includes(model)),
  );
  return fitting.find(({ models }) => models !== null) ?? fitting[0] ?? null;
}

/** What a plan calls the target: a webhook by its address, everything else by its name. */
export const addressOf = (target: AnyActionTarget): string =>
  target.executor === 'webhook' ? target.settings.url : target.name;

/** The plan that carries the action out, null when no target serves it. Everything that will be sent is in it, except secrets. */
export function planFor(targets: readonly AnyActionTarget[], subject: PlanSubject): Plan | null {
  const target = targetFor(targets, 'action', subject);
  if (target === null) return null;
  const silence = targetFor(targets, 'silence', subject);
  const { action, model, cause, features, version, previousVersion = null } = subject;
  return {
    executor: target.executor,
    target: addressOf(target),
    parameters: {
      action,
      model,
      cause,
      features: [...features],
      version,
      ...(previousVersion === null ? {} : { previous_version: previousVersion }),
      ...(target.executor === 'webhook' ? {} : { settings: jsonOf(filledSettings(target.settings, subject)) }),
      ...(silence === null
        ? {}
        : { silence: { target: silence.name, settings: jsonOf(filledSettings(silence.settings, subject)) } }),
    },
  };
}

/** What a plan made by `planFor` is about; null when it was not made by it. */
export function subjectOf({ parameters }: Plan): PlanSubject | null {
  const { action, model, cause, features, version, previous_version: previous } = parameters;
  if (typeof action !== 'string' || typeof model !== 'string' || typeof cause !== 'string') return null;
  return {
    action: action as ActionId,
    model,
    cause,
    features: Array.isArray(features) ? features.filter((feature: Json) => typeof feature === 'string') : [],
    version: typeof version === 'string' ? version : null,
    previousVersion: typeof previous === 'string' ? previous : null,
  };
}

const jsonOf = (settings: object): JsonObject => settings as JsonObject;
