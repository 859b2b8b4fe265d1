import type { ModelId } from '../../domain/identifiers.js';
import type { Executor } from '../../domain/ports.js';
import type { ExecutorId } from '../../domain/recommendation.js';
import { createRebaselineExecutor } from './rebaseline.js';
import { createWebhookExecutor, type WebhookPorts } from './webhook.js';

export type Executors = Readonly<Record<ExecutorId, Executor>>;

/** Every executor. A new one is one file and one line here. */
export function createExecutors(webhook: WebhookPorts, rebaseline: (model: ModelId) => Promise<void>): Executors {
  return { webhook: createWebhookExecutor(webhook), rebaseline: createRebaselineExecutor(rebaseline) };
}
