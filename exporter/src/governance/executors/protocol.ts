import { isObject, isList } from '../../domain/json.js';
import type { SettingsByExecutor, TargetedExecutorId } from '../../domain/action-target.js';
import type { Execution } from '../../domain/decision.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { Executor, ExecutionOutcome, HttpCall } from '../../domain/ports.js';
import type { Recommendation } from '../../domain/recommendation.js';
import type { Plan } from '../../domain/executor.js';

export type Prepared = Awaited<ReturnType<Executor['prepare']>>;
export type LookupOutcome = Awaited<ReturnType<Executor['lookup']>>;

/** What came back. `unsent`: nothing left this process · `lost`: it may have arrived, no usable answer did. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly json: Json | undefined }
  | { readonly kind: 'unsent' | 'lost'; readonly detail: string };

/** One configured target as an executor sees it: settings filled for the plan at hand, credentials out of sight. */
export interface TargetContext<E extends TargetedExecutorId> {
  readonly name: string;
  readonly settings: SettingsByExecutor[E];
  readonly timeoutMs: number;
  /** The target's secret, for what is not called over HTTP. */
  readonly credential: () => string | null;
  /** Text with every secret taken out; before it is cut, or half a secret would stay. */
  readonly withoutSecrets: (text: string) => string;
  /** Calls `path` below the settings' `url`, with the target's credential, as JSON unless `headers` say otherwise. */
  readonly call: (
    method: HttpCall['method'],
    path: string,
    content?: { readonly body?: Json; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Reply>;
}

/**
 * How one kind of server carries actions out. One file each, one line in `index.ts`; `configured.ts` adds what all need:
 * that the target is still configured as it was approved, that errors are outcomes, and that no secret is shown.
 */
export interface Protocol<E extends TargetedExecutorId> {
  readonly executor: E;
  readonly repetition: Executor['repetition'];
  /** What the plan relies on, read from the server. Null when it cannot be read now. */
  readonly resolve?: (context: TargetContext<E>) => Promise<JsonObject | null>;
  prepare(context: TargetContext<E>, plan: Plan): Promise<Prepared>;
  execute(
    context: TargetContext<E>,
    plan: Plan,
    execution: Execution,
    recommendation: Recommendation,
  ): Promise<ExecutionOutcome>;
  lookup(context: TargetContext<E>, plan: Plan, execution: Execution): Promise<LookupOutcome>;
}

/** What a plan carries of what was read when it was resolved; stored plans keep it under `pinned`. */
const RESOLVED = 'pinned';

/** What `resolve` found, as the plan carries it. */
export function resolvedOf({ parameters }: Plan): JsonObject {
  const resolved = parameters[RESOLVED];
  return isObject(resolved) ? resolved : {};
}

/** The plan with what it relies on. */
export function withResolved(plan: Plan, resolved: JsonObject): Plan {
  return { ...plan, parameters: { ...plan.parameters, [RESOLVED]: resolved } };
}

/** The member at a path of a server's answer, undefined when it is not there. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

export const textAt = (value: Json | undefined, ...path: readonly string[]): string | null => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : null;
};
export const numberAt = (value: Json | undefined, ...path: readonly string[]): number | null => {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : null;
};
export const listAt = (value: Json | undefined, ...path: readonly string[]): readonly Json[] => {
  const found = path.length === 0 ? value : at(value, ...path);
  return isList(found) ? found : [];
};

/** The texts of a list; anything else in it is left out. */
export const textsAt = (value: Json | undefined, ...path: readonly string[]): readonly string[] =>
  listAt(value, ...path).filter((item) => typeof item === 'string');
