import type { ModelId } from '../../domain/identifiers.js';
import type { TargetedExecutorId } from '../../domain/action-target.js';
import type { Executor } from '../../domain/ports.js';
import { createSilenceProtocol } from './alertmanager-silence.js';
import { createArgoWorkflowProtocol } from './argo-workflow.js';
import { createCommandProtocol } from './command.js';
import { boundExecutor, type TargetPorts } from './target-binding.js';
import { createGithubWorkflowProtocol } from './github-workflow.js';
import { createKubernetesProtocol } from './kubernetes.js';
import { createMlflowProtocol } from './mlflow.js';
import type { Protocol } from './protocol.js';
import { createRebaselineExecutor } from './rebaseline.js';
import { cachedDryRun } from './cached-dry-run.js';
import { withSilence } from './with-silence.js';
import { createWebhookProtocol } from './webhook.js';
import type { ExecutorId } from '../../domain/executor.js';

export type Executors = Readonly<Record<ExecutorId, Executor>>;

/** Every executor. A new one is one file and one line here. */
export function createExecutors(ports: TargetPorts, rebaseline: (model: ModelId) => Promise<void>): Executors {
  const silence = createSilenceProtocol(ports.clock);
  const acting = <E extends TargetedExecutorId>(protocol: Protocol<E>): Executor =>
    cachedDryRun(withSilence(boundExecutor(protocol, ports), silence, ports), ports.clock);
  return {
    rebaseline: createRebaselineExecutor(rebaseline),
    webhook: acting(createWebhookProtocol(ports)),
    'github-workflow': acting(createGithubWorkflowProtocol(ports.clock)),
    'argo-workflow': acting(createArgoWorkflowProtocol()),
    kubernetes: acting(createKubernetesProtocol(ports.clock)),
    mlflow: acting(createMlflowProtocol(ports.clock)),
    command: acting(createCommandProtocol(ports.stopping)),
    'alertmanager-silence': boundExecutor(silence, ports),
  };
}
