import type { Config } from '../config/config.js';
import type { ModelId } from '../domain/identifiers.js';
import { createExecutors } from '../governance/executors/index.js';
import { createGovernance, type Governance } from '../governance/governance.js';
import { remember } from '../incident-history/remember.js';
import { createIncidentManager, type IncidentManager } from '../incidents/incident-manager.js';
import { randomIds } from '../system/random-ids.js';
import type { Foundation } from './foundation.js';

export interface WiredGovernance {
  readonly executors: ReturnType<typeof createExecutors>;
  readonly governance: Governance;
  readonly incidents: IncidentManager;
}

/** @param relearn carries out an approved new baseline */
export function wireGovernance(
  { started, config, store, clock, logger, events, http, authorizationOf, decisionGate }: Foundation,
  relearn: (id: ModelId) => Promise<void>,
): WiredGovernance {
  const stopping = new AbortController();
  const executors = createExecutors(
    {
      http,
      clock,
      targets: () => config.current().governance.targets,
      secret: authorizationOf,
      signingSecret: (name) => config.current().governance.signingSecrets.get(name)?.reveal() ?? null,
      secrets: () => secretsOf(config.current()),
      stopping: stopping.signal,
    },
    relearn,
  );
  const governance = createGovernance({
    store,
    clock,
    ids: randomIds,
    executors,
    events,
    logger,
    policy: () => config.current().governance,
    soleWriter: started.database.kind === 'sqlite',
    stopping,
  });
  const incidents = createIncidentManager({
    incidents: store.incidents,
    alerts: store.alerts,
    governance,
    events,
    clock,
    ids: randomIds,
    logger,
    remember,
    refusal: {
      isRefused: () => decisionGate.refusedBecause() !== null,
      giveUpMs: () => config.current().governance.verification.giveUpMs,
    },
  });
  return { executors, governance, incidents };
}

/** Everything that must not show in what an executor says. */
function secretsOf({ secrets, governance, database, identity, audit }: Config): readonly string[] {
  const all = [
    ...secrets.values(),
    ...governance.signingSecrets.values(),
    ...(identity.grafana === null ? [] : [identity.grafana.sharedSecret]),
    ...identity.localPeople.map(({ token }) => token),
    ...(audit.grafanaToken === null ? [] : [audit.grafanaToken]),
  ];
  return (database.kind === 'sqlite' ? all : [...all, database.url]).map((secret) => secret.reveal());
}
