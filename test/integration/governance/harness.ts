import { modelOf } from '../../fixtures/model.js';
import type { Cause } from '../../../exporter/src/domain/cause.js';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Model } from '../../../exporter/src/domain/model.js';
import type { Clock, Executor, Ids, Logger, Store } from '../../../exporter/src/domain/ports.js';
import { type ActionId, type Proposal } from '../../../exporter/src/domain/recommendation.js';
import type { Executors } from '../../../exporter/src/governance/executors/index.js';
import { createGovernance, type Governance } from '../../../exporter/src/governance/governance.js';
import type { GovernancePolicy, PolicyRules } from '../../../exporter/src/governance/rules/policy.js';
import { createEventBus } from '../../../exporter/src/system/event-bus.js';
import type { Actor, OrgRole } from '../../../exporter/src/domain/actor.js';
import { EXECUTOR_IDS } from '../../../exporter/src/domain/executor.js';
import { type GovernancePorts } from '../../../exporter/src/governance/ports.js';

const quiet = (): void => undefined;
export const silentLogger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export const MODEL = modelId('fraud');

export const RULES: PolicyRules = {
  approvers: { users: [], emails: [], roles: ['Admin'] },
  proposerMayVote: false,
  expireAfterMs: 86_400_000,
  startWithinMs: 3_600_000,
  breakGlass: false,
};

export const policyOf = (approvals: number, changes: Partial<GovernancePolicy> = {}): GovernancePolicy => ({
  approvals: { retrain: approvals, rollback: approvals },
  classes: [],
  otherwise: RULES,
  freezes: [],
  breakGlass: { approvers: { users: [], emails: [], roles: ['Admin'] }, reviewWithinMs: 259_200_000 },
  verification: { giveUpMs: 10_000 },
  killSwitch: false,
  ...changes,
});

export function person(login: string, role: OrgRole = 'Admin'): Actor {
  const proof = { authenticatedBy: null, keyId: 'k', tokenHash: 'h' };
  return {
    kind: 'user',
    subject: `grafana:user:${login}`,
    name: login,
    person: { issuer: 'grafana', id: `user:${login}`, uid: null, login, email: null, role, ...proof },
  };
}

export const machine: Actor = { kind: 'api-key', subject: 'key:ci', name: 'ci' };

export function proposal(action: ActionId = 'retrain', title = 'Retrain fraud'): Proposal {
  return {
    action,
    cause: 'concept-drift',
    title,
    priority: 'HIGH',
    why: 'accuracy fell',
    steps: ['retrain', 'compare'],
    expectedEffect: 'accuracy returns',
    risk: 'the new model is worse',
    verificationText: 'accuracy holds',
    verification: { mustClear: ['accuracy-drop'], settleMs: 1_000, holdMs: 2_000, giveUpMs: 10_000 },
    plan: { executor: 'webhook', target: 'http://receiver.test/hook', parameters: { action } },
    trackRecord: null,
  };
}

/** What the incident puts first, and the proposals are against. */
const CONCEPT_DRIFT: Cause = {
  id: 'concept-drift',
  title: 'Concept drift',
  logOdds: 1,
  probability: 0.9,
  supporting: [],
  refuting: [],
  features: [],
  segments: [],
  shareExplained: null,
};

export function incident(id: string, closedAtMs: number | null = null): Incident {
  return {
    id: incidentId(id),
    modelId: MODEL,
    openedAtMs: 1,
    closedAtMs,
    severity: 'high',
    diagnosis: {
      modelId: MODEL,
      atMs: 1,
      window: { fromMs: 0, toMs: 1, samples: 100 },
      severity: 'high',
      severityReason: 'accuracy fell',
      causes: [CONCEPT_DRIFT],
      findings: [],
      features: [],
      segments: [],
      decomposition: null,
      attributions: [],
      experiment: null,
      changes: [],
      unexplained: null,
      blindSpots: [],
    },
    explanation: { headline: 'Concept drift', paragraphs: [] },
    timeline: [],
    fingerprint: {},
  };
}

export const model = (versionLabel: string | null = '1'): Model =>
  modelOf({ id: MODEL, name: 'Fraud', versionLabel, state: 'failing' });

/** Every executor id carried out by the same one. */
export const allExecutors = (executor: Omit<Executor, 'id'>): Executors =>
  Object.fromEntries(EXECUTOR_IDS.map((id) => [id, { id, ...executor }])) as unknown as Executors;

/** An executor that counts. */
export function countingExecutor(): { readonly executors: Executors; readonly sent: Map<string, number> } {
  const sent = new Map<string, number>();
  return {
    sent,
    executors: allExecutors({
      repetition: 'none',
      prepare: () => Promise.resolve({ kind: 'ready', text: 'would do it' }),
      execute: (_, { recommendationId }) => {
        sent.set(recommendationId, (sent.get(recommendationId) ?? 0) + 1);
        return Promise.resolve({ kind: 'succeeded', detail: 'done' });
      },
      lookup: () => Promise.resolve({ kind: 'unknown', detail: 'nobody knows' }),
    }),
  };
}

export function countingIds(prefix: string): Ids {
  let next = 0;
  return { next: () => `${prefix}${(next += 1)}` };
}

export const movableClock = (startMs: number): Clock & { advance(ms: number): void } => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: () => Promise.resolve(),
    advance: (ms) => {
      nowMs += ms;
    },
  };
};

export function governanceOn(
  store: Store,
  ports: Pick<GovernancePorts, 'executors' | 'clock' | 'ids'> & Partial<GovernancePorts>,
): Governance {
  return createGovernance({
    store,
    policy: () => policyOf(2),
    events: createEventBus(silentLogger),
    logger: silentLogger,
    soleWriter: true,
    ...ports,
  });
}

/** The model and an open incident, as governance expects to find them. */
export async function prepared(store: Store, id: string): Promise<Incident> {
  await store.models.save(model());
  const open = incident(id);
  await store.incidents.save(open);
  return open;
}

export interface AuditBody {
  readonly kind: string;
  readonly recommendation?: string;
  readonly from?: string;
  readonly to?: string;
  readonly by: { readonly subject: string };
}

/** The audit bodies from a sequence on, oldest first. */
export async function auditBodies(store: Store, from = 1): Promise<AuditBody[]> {
  const entries = await store.audit.read(from, 100_000);
  return entries.map(({ body }) => JSON.parse(Buffer.from(body).toString('utf8')) as AuditBody);
}
