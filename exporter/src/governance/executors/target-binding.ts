import { parseJson } from '../../domain/json.js';
import { canonicalize } from 'json-canonicalize';
import {
  addressOf,
  filledSettings,
  PLACEHOLDER,
  subjectOf,
  type ActionTarget,
  type AnyActionTarget,
  type TargetedExecutorId,
} from '../../domain/action-target.js';
import type { Clock, Executor, HttpClient } from '../../domain/ports.js';
import { withResolved, type Protocol, type Reply, type TargetContext } from './protocol.js';
import { redacted } from './redact.js';
import type { Plan } from '../../domain/executor.js';

export interface TargetPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** The targets configured now. */
  readonly targets: () => readonly AnyActionTarget[];
  /** Value of the named secret, null when there is none. */
  readonly secret: (name: string) => string | null;
  /** Signing secret of a webhook, null when bodies go unsigned. */
  readonly signingSecret: (targetName: string) => string | null;
  /** Every secret of the configuration; none of them is ever shown. */
  readonly secrets: () => readonly string[];
  /** Aborted when mlfi stops, and with it whatever it has begun on this machine. */
  readonly stopping?: AbortSignal;
}

const LARGEST_ANSWER_BYTES = 1_048_576;
const LONGEST_DETAIL = 1_000;
const MAY_STILL_ACT = 'the target is no longer configured as it was approved';

/** An executor for every target of one kind. A plan counts only while its target is configured exactly as it was approved. */
export function boundExecutor<E extends TargetedExecutorId>(protocol: Protocol<E>, ports: TargetPorts): Executor {
  const redact = (text: string): string => redacted(text, ports.secrets()).slice(0, LONGEST_DETAIL);
  const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error');
  const { resolve } = protocol;
  return {
    id: protocol.executor,
    repetition: protocol.repetition,
    ...(resolve === undefined
      ? {}
      : {
          async resolve(plan: Plan): Promise<Plan> {
            const context = resolveTarget(protocol.executor, plan, ports);
            if (typeof context === 'string') return plan;
            try {
              const resolved = await resolve(context);
              return resolved === null ? plan : withResolved(plan, resolved);
            } catch {
              return plan;
            }
          },
        }),
    async prepare(plan) {
      const context = resolveTarget(protocol.executor, plan, ports);
      if (typeof context === 'string') return { kind: 'impossible', reason: context };
      try {
        const prepared = await protocol.prepare(context, plan);
        return prepared.kind === 'ready'
          ? { kind: 'ready', text: redact(prepared.text) }
          : { kind: 'impossible', reason: redact(prepared.reason) };
      } catch (error) {
        return { kind: 'impossible', reason: redact(`the dry run failed: ${reasonOf(error)}`) };
      }
    },
    async execute(plan, execution, recommendation) {
      const context = resolveTarget(protocol.executor, plan, ports);
      if (typeof context === 'string') return { kind: 'failed', detail: redact(`not sent: ${context}`) };
      try {
        const outcome = await protocol.execute(context, plan, execution, recommendation);
        return { ...outcome, detail: redact(outcome.detail) };
      } catch (error) {
        return { kind: 'unknown', detail: redact(`the executor failed: ${reasonOf(error)}`) };
      }
    },
    async lookup(execution, plan) {
      const context = resolveTarget(protocol.executor, plan, ports);
      if (typeof context === 'string') return { kind: 'unknown', detail: redact(`cannot be looked up: ${context}`) };
      try {
        const found = await protocol.lookup(context, plan, execution);
        return { ...found, detail: redact(found.detail) };
      } catch (error) {
        return { kind: 'unknown', detail: redact(`the lookup failed: ${reasonOf(error)}`) };
      }
    },
  };
}

/** The plan's target, or why it must not be used. */
export function resolveTarget<E extends TargetedExecutorId>(
  executor: E,
  plan: Plan,
  ports: TargetPorts,
): TargetContext<E> | string {
  const target = ports.targets().find((one) => one.executor === executor && addressOf(one) === plan.target);
  if (target === undefined) return MAY_STILL_ACT;
  const subject = subjectOf(plan);
  if (subject === null) return 'the plan does not say which action for which model it is';
  if (!target.actions.includes(subject.action)) return MAY_STILL_ACT;
  if (target.models !== null && !target.models.includes(subject.model)) return MAY_STILL_ACT;
  const settings = filledSettings(target.settings, subject);
  if (executor !== 'webhook' && canonicalize(settings) !== canonicalize(plan.parameters['settings'])) {
    return MAY_STILL_ACT;
  }
  const empty = PLACEHOLDER.exec(JSON.stringify(settings));
  if (empty !== null) return `${empty[0]} has no value here that could be passed on safely`;
  // `find` compared the executor: the target is of this kind.
  return targetContext({ ...target, settings } as ActionTarget<E>, ports);
}

/** A target that can be called. */
function targetContext<E extends TargetedExecutorId>(target: ActionTarget<E>, ports: TargetPorts): TargetContext<E> {
  const base = 'url' in target.settings ? target.settings.url.replace(/\/+$/, '') : '';
  return {
    name: target.name,
    settings: target.settings,
    timeoutMs: target.timeoutMs,
    credential: () => (target.authorizationSecret === null ? null : ports.secret(target.authorizationSecret)),
    withoutSecrets: (text) => redacted(text, ports.secrets()),
    async call(method, path, content = {}) {
      const credential = target.authorizationSecret === null ? null : ports.secret(target.authorizationSecret);
      if (target.authorizationSecret !== null && credential === null)
        return { kind: 'unsent', detail: `there is no secret "${target.authorizationSecret}"` };
      const answer = await ports.http.call({
        method,
        url: `${base}${path}`,
        headers: {
          accept: 'application/json',
          'user-agent': 'mlfi',
          ...(content.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...content.headers,
          ...(credential === null ? {} : { authorization: authorizationOf(credential) }),
        },
        body: content.body === undefined ? null : JSON.stringify(content.body),
        timeoutMs: target.timeoutMs,
        maxResponseBytes: LARGEST_ANSWER_BYTES,
      });
      if (answer.kind === 'failure')
        return { kind: answer.unsent === true ? 'unsent' : 'lost', detail: answer.failure.detail };
      return { kind: 'answer', status: answer.status, json: jsonIn(answer.body) };
    },
  };
}

/** A secret that is only a token, as Kubernetes mounts it, is sent as a bearer token; a whole header value as it is. */
const authorizationOf = (credential: string): string =>
  credential.includes(' ') ? credential : `Bearer ${credential}`;

function jsonIn(body: string): Extract<Reply, { kind: 'answer' }>['json'] {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
