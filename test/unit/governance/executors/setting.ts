import type { AnyActionTarget } from '../../../../exporter/src/domain/action-target.js';
import { filledSettings, planFor, targetFor } from '../../../../exporter/src/domain/action-target.js';
import type { JsonObject } from '../../../../exporter/src/domain/json.js';
import type { Execution } from '../../../../exporter/src/domain/decision.js';
import { executionId, incidentId, modelId, recommendationId } from '../../../../exporter/src/domain/identifiers.js';
import type { HttpClient } from '../../../../exporter/src/domain/ports.js';
import type { ActionId, Recommendation } from '../../../../exporter/src/domain/recommendation.js';
import type { TargetPorts } from '../../../../exporter/src/governance/executors/target-binding.js';
import { createEgress, type EgressPolicy } from '../../../../exporter/src/http/egress.js';
import { systemClock } from '../../../../exporter/src/system/system-clock.js';
import type { Plan } from '../../../../exporter/src/domain/executor.js';

/** Marks every leak: no text that people see may hold it. */
export const CANARY = 'canary-5b1e-qzwxvk';
export const LOOPBACK: EgressPolicy = { allowHosts: [], allowCidrs: ['127.0.0.0/8'], allowPorts: [] };
export const CLOSED: EgressPolicy = { allowHosts: [], allowCidrs: [], allowPorts: [] };

export const egressOf = (policy: EgressPolicy): HttpClient & { close(): Promise<void> } => createEgress(policy);

/** Ports as `main.ts` fills them, with one secret that must never be told. */
export function portsOf(http: HttpClient, targets: () => readonly AnyActionTarget[]): TargetPorts {
  return {
    http,
    clock: systemClock,
    targets,
    secret: (name) => (name === 'canary' ? `Bearer ${CANARY}` : null),
    signingSecret: () => `whsec_${Buffer.from(CANARY).toString('base64')}`,
    secrets: () => [`Bearer ${CANARY}`, `whsec_${Buffer.from(CANARY).toString('base64')}`],
  };
}

export function planOf(targets: readonly AnyActionTarget[], action: ActionId, version: string | null = 'v7'): Plan {
  const subject = { action, model: 'fraud-detector', cause: 'model-changed', features: ['amount'], version };
  const plan = planFor(targets, subject);
  if (plan !== null) return plan;
  // A silence goes along with an action; alone it is planned like one here, so that the battery can hold it to the same rules.
  const silence = targetFor(targets, 'silence', subject);
  if (silence === null) throw new Error(`no target serves ${action}`);
  const settings = filledSettings(silence.settings, subject) as unknown as JsonObject;
  return { executor: silence.executor, target: silence.name, parameters: { ...subject, settings } };
}

let executions = 0;
export function newExecution(plan: Plan): Execution {
  executions += 1;
  return {
    id: executionId(`Exec_${process.pid}_${executions}-aZ`),
    recommendationId: recommendationId('r-1'),
    executor: plan.executor,
    state: 'dispatching',
    queuedAtMs: systemClock.now(),
    startedAtMs: systemClock.now(),
    finishedAtMs: null,
    detail: '',
  };
}

export function recommendationOf(plan: Plan): Recommendation {
  const proposal = {
    action: 'rollback' as const,
    cause: 'model-changed' as const,
    title: 'Roll back',
    priority: 'HIGH' as const,
    why: '',
    steps: [],
    expectedEffect: '',
    risk: '',
    verificationText: '',
    verification: null,
    trackRecord: null,
  };
  // Executors read nothing of what governance adds to a proposal beyond these fields.
  return {
    ...proposal,
    plan,
    id: recommendationId('r-1'),
    incidentId: incidentId('i-1'),
    modelId: modelId('fraud-detector'),
    revision: 1,
    createdAtMs: 0,
    expiresAtMs: 0,
    requiredApprovals: 1,
    digest: 'd'.repeat(64),
    state: 'approved',
  } as unknown as Recommendation;
}
