import type { Executor } from '../../domain/ports.js';
import { silenceIn, type SilenceProtocol } from './alertmanager-silence.js';
import { resolveTarget, type TargetPorts } from './target-binding.js';
import { redacted } from './redact.js';
import type { Plan } from '../../domain/executor.js';

/**
 * An executor whose plans may carry a silence: it is set before the action and ended after it. A silence that cannot be
 * set does not hold the action up, for the pager is a lesser evil than an outage; the outcome says so.
 */
export function withSilence(executor: Executor, silence: SilenceProtocol, ports: TargetPorts): Executor {
  const silenceTargetFor = (plan: Plan): ReturnType<typeof resolveTarget<'alertmanager-silence'>> | null => {
    const carried = silenceIn(plan.parameters);
    if (carried === null) return null;
    const { settings, target } = carried;
    return resolveTarget(
      'alertmanager-silence',
      { executor: 'alertmanager-silence', target, parameters: { ...plan.parameters, settings } },
      ports,
    );
  };
  const redact = (text: string): string => redacted(text, ports.secrets());
  return {
    ...executor,
    async prepare(plan) {
      const prepared = await executor.prepare(plan);
      const context = silenceTargetFor(plan);
      if (context === null || prepared.kind === 'impossible') return prepared;
      const along =
        typeof context === 'string'
          ? { kind: 'impossible' as const, reason: context }
          : await silence.prepare(context, plan);
      const text = along.kind === 'ready' ? along.text : `no silence can be set (${along.reason})`;
      return { kind: 'ready', text: `${prepared.text}; ${redact(text)}` };
    },
    async execute(plan, execution, recommendation) {
      const context = silenceTargetFor(plan);
      if (context === null) return executor.execute(plan, execution, recommendation);
      const set =
        typeof context === 'string'
          ? { kind: 'failed' as const, detail: `not sent: ${context}` }
          : await silence.execute(context, plan, execution, recommendation);
      const outcome = await executor.execute(plan, execution, recommendation);
      const notes = set.kind === 'succeeded' ? [] : [`the silence was not set (${set.detail})`];
      if (typeof context !== 'string' && set.kind !== 'failed') {
        const ended = await silence.expire(
          context,
          execution,
          outcome.kind === 'failed' ? 0 : context.settings.afterwardsMs,
        );
        notes.push(ended.kind === 'succeeded' ? ended.detail : `the silence may stay until its end (${ended.detail})`);
      }
      return { ...outcome, detail: redact([outcome.detail, ...notes].join('; ')).slice(0, 1_000) };
    },
  };
}
