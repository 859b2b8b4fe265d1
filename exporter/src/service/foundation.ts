import type { AuditNote } from '../domain/audit-note.js';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { reloadableConfig, type ReloadableConfig } from '../config/reload.js';
import type { StoreDocumentDamaged } from '../domain/codec.js';
import type { JsonObject } from '../domain/json.js';
import type { Downloads } from '../domain/download.js';
import type { Clock, EventBus, HttpClient, Logger, Store } from '../domain/ports.js';
import type { Actor } from '../domain/actor.js';
import { setting } from '../domain/setting.js';
import { auditBy } from '../governance/transition.js';
import { createEgress } from '../http/egress.js';
import { rememberingApiKeys, type RememberedApiKeys } from '../http/identity/remembered-api-keys.js';
import { createProcessMetrics, type ProcessMetrics } from '../metrics/process-metrics.js';
import { openStore } from '../store/open-store.js';
import type { ClosingStack } from '../system/closing-stack.js';
import { createEventBus } from '../system/event-bus.js';
import { keyedHash } from '../system/keyed-hash.js';
import { version } from '../system/version.js';
import { DecisionGate } from './decision-gate.js';
import { expectStore } from './store-expected.js';
import { storeAt } from './store-location.js';

/** What every area of the service stands on. */
export interface Foundation {
  /** Sections that need a restart are read here; the others from `config`, at every use. */
  readonly started: Config;
  readonly config: ReloadableConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  /** The keys of the store, which it need not be asked for each time. */
  readonly apiKeys: RememberedApiKeys;
  readonly events: EventBus;
  readonly http: HttpClient & Downloads;
  readonly processMetrics: ProcessMetrics;
  /** Whether decisions are taken: not while what they rest on is damaged. */
  readonly decisionGate: DecisionGate;
  /** Salted one-way hash for answers and prediction ids. */
  readonly hash: (text: string) => string;
  /** Value of a named secret, null for an unknown one. */
  readonly authorizationOf: (name: string) => string | null;
  /** Appends one entry to the audit log in a transaction of its own. */
  readonly audit: (kind: string, by: Actor, fields: JsonObject) => Promise<void>;
  /** The same in the transaction of the change it records. */
  readonly auditNote: (kind: string, by: Actor, fields: JsonObject) => AuditNote;
  /** Everything opened on the way is pushed here. */
  readonly closing: ClosingStack;
}

export interface FoundationOptions {
  readonly configurationFile: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly closing: ClosingStack;
}

/** Opens the store and what needs nothing but it. @throws Error with the remedy when the store cannot be opened */
export async function openFoundation(
  started: Config,
  { configurationFile, clock, logger, closing }: FoundationOptions,
): Promise<Foundation> {
  const processMetrics = createProcessMetrics(version);
  const config = reloadableConfig(started, configurationFile, process.env, logger, (file, environment) => {
    const loaded = loadConfig(file, environment);
    processMetrics.reloaded(loaded.kind === 'ok');
    return loaded;
  });
  // First, and so ended last: without a listener the signal would end the process, also in the middle of a start or stop.
  closing.push('SIGHUP', config.onHangUp());
  expectStore(started, logger);
  const opened = await openStore(storeAt(started), 'write', rowsSetAside(processMetrics, logger));
  closing.push('the store', () => opened.close());
  const decisionGate = new DecisionGate(processMetrics, logger);
  const remembering = rememberingApiKeys(opened);
  const store = decisionGate.guard(remembering);
  const http = createEgress(started.egress);
  closing.push('outgoing connections', () => http.close());
  return {
    started,
    config,
    clock,
    logger,
    store,
    apiKeys: remembering.apiKeys,
    events: createEventBus(logger),
    http,
    processMetrics,
    decisionGate,
    hash: await saltedHash(store),
    authorizationOf: (name) => config.current().secrets.get(name)?.reveal() ?? null,
    audit: (kind, by, fields) => store.governance((transaction) => auditBy(transaction, clock.now(), kind, by, fields)),
    auditNote: (kind, by, fields) => (transaction) => auditBy(transaction, clock.now(), kind, by, fields),
    closing,
  };
}

/** Counts and tells every row that cannot be read once, however often its list is asked for. */
function rowsSetAside(metrics: ProcessMetrics, logger: Logger): (damaged: StoreDocumentDamaged) => void {
  const met = new Set<string>();
  return (damaged) => {
    const { table, row } = damaged.place;
    const before = met.size;
    if (met.add(`${table} ${row}`).size === before) return;
    metrics.rowsSetAside(met.size);
    logger.warn({ table, row }, `left out: ${damaged.message}`);
  };
}

export const SALT = setting('salt', z.string().min(1));

/** The salt never leaves the store. */
async function saltedHash(store: Store): Promise<(text: string) => string> {
  const key = await store.settings.setOnce(SALT, randomBytes(32).toString('hex'));
  return keyedHash(key);
}
