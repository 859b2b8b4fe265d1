import { isObject } from '../../domain/json.js';
import type { Execution } from '../../domain/decision.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { Clock, ExecutionOutcome } from '../../domain/ports.js';
import { outcomeOf, unreadable } from './outcome.js';
import { listAt, textAt, type Protocol, type Reply, type TargetContext } from './protocol.js';

const CREATOR = 'mlfi';
const commentOf = (execution: Pick<Execution, 'id'>): string => `mlfi execution ${execution.id}`;

/** A silence that ends with the action it accompanies. */
export interface SilenceProtocol extends Protocol<'alertmanager-silence'> {
  /**
   * Ends the execution's silence `afterMs` from now (never later than it would end anyway). Says what it did.
   */
  expire(
    context: TargetContext<'alertmanager-silence'>,
    execution: Pick<Execution, 'id'>,
    afterMs: number,
  ): Promise<ExecutionOutcome>;
}

/**
 * Silences alerts through Alertmanager's API v2. The comment carries the execution's id, so a second start finds the first
 * silence instead of making another. It ends by itself after `atMostMs`, even if mlfi never comes back.
 */
export function createSilenceProtocol(clock: Clock): SilenceProtocol {
  return {
    executor: 'alertmanager-silence',
    repetition: 'lookup',
    async prepare(context) {
      const { settings } = context;
      const reply = await context.call('GET', '/api/v2/status');
      if (reply.kind !== 'answer' || reply.status !== 200)
        return { kind: 'impossible', reason: `Alertmanager cannot be asked: ${unreadable(reply)}` };
      return {
        kind: 'ready',
        text: `would silence alerts with ${matchersText(settings.matchers)} while the action runs, for at most ${minutes(settings.atMostMs)}${settings.afterwardsMs > 0 ? ` and ${minutes(settings.afterwardsMs)} after it` : ''}`,
      };
    },
    async execute(context, _plan, execution) {
      const found = await silenceOf(context, execution);
      if (found.kind === 'unreadable')
        return { kind: 'failed', detail: `not sent: Alertmanager cannot be asked: ${unreadable(found.reply)}` };
      if (found.kind === 'found') return { kind: 'succeeded', detail: `silence ${found.id} was there already` };
      const now = clock.now();
      const reply = await context.call('POST', '/api/v2/silences', {
        body: silenceBody(context, execution, now, now + context.settings.atMostMs),
      });
      return outcomeOf(reply, ({ json }) => ({
        kind: 'succeeded',
        detail: `silence ${textAt(json, 'silenceID') ?? 'of unknown id'} was set`,
      }));
    },
    async lookup(context, _plan, execution) {
      const found = await silenceOf(context, execution);
      if (found.kind === 'found') return { kind: 'succeeded', detail: `silence ${found.id} was set` };
      if (found.kind === 'none')
        return {
          kind: 'not-received',
          detail: 'Alertmanager knows no silence of this execution, expired ones included',
        };
      return { kind: 'unknown', detail: `Alertmanager cannot be asked: ${unreadable(found.reply)}` };
    },
    async expire(context, execution, afterMs) {
      const found = await silenceOf(context, execution);
      if (found.kind === 'unreadable')
        return {
          kind: 'unknown',
          detail: `the silence ends by itself; Alertmanager cannot be asked: ${unreadable(found.reply)}`,
        };
      if (found.kind === 'none' || found.state === 'expired')
        return { kind: 'succeeded', detail: 'there is no silence to end' };
      const endsAtMs = clock.now() + afterMs;
      if (afterMs > 0 && endsAtMs >= found.endsAtMs)
        return { kind: 'succeeded', detail: `silence ${found.id} ends at ${new Date(found.endsAtMs).toISOString()}` };
      const reply =
        afterMs > 0
          ? await context.call('POST', '/api/v2/silences', {
              body: { id: found.id, ...silenceBody(context, execution, found.startsAtMs, endsAtMs) },
            })
          : await context.call('DELETE', `/api/v2/silence/${encodeURIComponent(found.id)}`);
      return outcomeOf(reply, () => ({
        kind: 'succeeded',
        detail: `silence ${found.id} ${afterMs > 0 ? `ends at ${new Date(endsAtMs).toISOString()}` : 'was ended'}`,
      }));
    },
  };
}

type Found =
  | {
      readonly kind: 'found';
      readonly id: string;
      readonly state: string;
      readonly startsAtMs: number;
      readonly endsAtMs: number;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly reply: Reply };

async function silenceOf(
  context: TargetContext<'alertmanager-silence'>,
  execution: Pick<Execution, 'id'>,
): Promise<Found> {
  const reply = await context.call('GET', '/api/v2/silences');
  if (reply.kind !== 'answer' || reply.status !== 200 || !Array.isArray(reply.json))
    return { kind: 'unreadable', reply };
  const ours = listAt(reply.json).filter(
    (silence) => textAt(silence, 'comment') === commentOf(execution) && textAt(silence, 'createdBy') === CREATOR,
  );
  const silence = ours.find((one) => textAt(one, 'status', 'state') !== 'expired') ?? ours[0];
  const id = textAt(silence, 'id');
  if (silence === undefined || id === null) return { kind: 'none' };
  return {
    kind: 'found',
    id,
    state: textAt(silence, 'status', 'state') ?? '',
    startsAtMs: Date.parse(textAt(silence, 'startsAt') ?? ''),
    endsAtMs: Date.parse(textAt(silence, 'endsAt') ?? ''),
  };
}

function silenceBody(
  { settings }: TargetContext<'alertmanager-silence'>,
  execution: Pick<Execution, 'id'>,
  startsAtMs: number,
  endsAtMs: number,
): JsonObject {
  return {
    matchers: Object.entries(settings.matchers).map(([name, value]): Json => ({
      name,
      value,
      isRegex: false,
      isEqual: true,
    })),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    createdBy: CREATOR,
    comment: commentOf(execution),
  };
}

const matchersText = (matchers: Readonly<Record<string, string>>): string =>
  Object.entries(matchers)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ');

const minutes = (ms: number): string => `${Math.round(ms / 6_000) / 10} min`;

/** The silence a plan carries along: which target, with which settings. */
export function silenceIn(parameters: JsonObject): { readonly target: string; readonly settings: JsonObject } | null {
  const { silence } = parameters;
  if (!isObject(silence)) return null;
  const target = textAt(silence, 'target');
  const settings = silence['settings'];
  return target === null || !isObject(settings) ? null : { target, settings };
}
