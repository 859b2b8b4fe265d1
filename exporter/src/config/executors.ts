/** The `governance.executors` section: where approved actions are sent besides `governance.webhooks`. */
import { z } from 'zod';
import type { ActionTarget, AnyActionTarget, TargetedExecutorId } from '../domain/action-target.js';
import type { ActionId } from '../domain/recommendation.js';
import { absolutePath, commandLine, duration, httpUrl, label, namedTexts, slug } from './fields.js';

/** Actions a plan can carry out; the others are advice for people. */
export const EXECUTABLE_ACTIONS = [
  'retrain',
  'rollback',
  'fix-pipeline',
  'recalibrate',
  'rebaseline',
  'scale-out',
  'restart-endpoint',
] as const satisfies readonly ActionId[];

const served = {
  name: slug(),
  actions: z.array(z.enum(EXECUTABLE_ACTIONS)).min(1),
  models: z.array(slug()).min(1).max(10_000).optional(),
};
const remote = {
  ...served,
  url: httpUrl(),
  authorization_secret: label(64).optional(),
  timeout: duration('100ms', '5m').prefault('10s'),
};
const texts = z.record(label(200), z.string().max(4_096));

const command = z.strictObject({
  ...served,
  run: commandLine(),
  directory: absolutePath().default('/'),
  environment: texts.default({}),
  authorization_secret: label(64).optional(),
  timeout: duration('100ms', '1h').prefault('1m'),
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
    commands: listOf(command),
    alertmanager_silences: listOf(silence),
  })
  .prefault({});

export type ExecutorSettings = z.output<typeof executors>;
/** Sections of `governance.executors`, each a list of targets of one kind. */
export const EXECUTOR_SECTIONS = [
  'commands',
  'alertmanager_silences',
] as const satisfies readonly (keyof ExecutorSettings)[];

/** The configured targets in the domain's terms, in the order of the file. */
export function targetsFrom(settings: ExecutorSettings): readonly AnyActionTarget[] {
  return [
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
