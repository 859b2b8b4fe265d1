import { readFile } from 'node:fs/promises';
import { discover } from '../capture/probing/discover.js';
import { politeHttp } from '../capture/probing/host-limits.js';
import { chooseGoldenInputs } from '../capture/probing/payloads/golden.js';
import { createProber } from '../capture/probing/prober.js';
import { createModelSources } from '../capture/sources/service-discovery.js';
import { configuredModels } from '../application/configured-models.js';
import { registerModel, type NamedRegistration, type RegistrationPorts } from '../application/register-model.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import { Unavailable } from '../domain/errors.js';
import type { Json } from '../domain/json.js';
import type { GoldenInput, ProbeSchedule } from '../domain/model.js';
import type { Fleet } from '../monitoring/fleet.js';
import { unlessAborted } from '../domain/unless-aborted.js';
import { seededRandom } from '../system/seeded-random.js';
import type { Foundation } from './foundation.js';
import type { Lifecycle } from './lifecycle.js';

/** How models are asked. */
export interface Capture {
  readonly prober: ReturnType<typeof createProber>;
  readonly discover: (target: DiscoveryTarget) => Promise<Discovery>;
  readonly chooseGoldenInputs: (payloads: readonly Json[]) => readonly GoldenInput[];
}

export function wireCapture({ started, http, clock, logger, authorizationOf }: Foundation): Capture {
  const polite = politeHttp(http, clock);
  return {
    prober: createProber({ http: polite, clock, random: seededRandom(clock.now() % 2 ** 31), logger, authorizationOf }),
    discover: (target) =>
      discover(
        { http: polite, clock, timeoutMs: target.timeoutMs ?? started.probing.timeoutMs, authorizationOf },
        target,
      ),
    chooseGoldenInputs: (payloads) => chooseGoldenInputs(payloads, started.probing.goldenInputs),
  };
}

/** How often models are asked that say nothing about it. */
export function defaultSchedule({ probing }: Foundation['started']): ProbeSchedule {
  const { intervalMs, jitterShare, concurrency, timeoutMs, probesPerCycle, callsPerHour } = probing;
  return { intervalMs, jitterShare, concurrency, timeoutMs, probesPerCycle, callsPerHour };
}

/** Where models come from besides the API: the configuration, files and URLs. */
export interface ModelDiscovery {
  /** Brings the watched models in line with those of the configuration. */
  takeConfigured(models: readonly NamedRegistration[]): Promise<void>;
  /** Null where no file and no URL is named. */
  readonly refresh: (() => Promise<void>) | null;
}

export function wireModelDiscovery(
  { started, http, clock, logger, store, processMetrics, authorizationOf, closing }: Foundation,
  { discover: ask, chooseGoldenInputs: golden }: Capture,
  fleet: Fleet,
  lifecycle: Lifecycle,
): ModelDiscovery {
  const { files, urls, authorizationSecret } = started.discovery;
  const stop = new AbortController();
  const registration: RegistrationPorts = {
    fleet,
    async discover(target) {
      const discovery = await unlessAborted(() => ask(target), stop.signal);
      // What was asked is left to itself.
      if (discovery === null) throw new Unavailable('mlfi is stopping');
      return discovery;
    },
    chooseGoldenInputs: golden,
    schedule: defaultSchedule(started),
    clock,
    logger,
  };
  const configured = configuredModels({
    ...registration,
    settings: store.settings,
    isStopping: () => lifecycle.isStopping,
  });
  const sources = createModelSources(
    {
      readFile: (path) => readFile(path, 'utf8'),
      http,
      clock,
      logger,
      settings: store.settings,
      isWatched: (id) => fleet.has(id),
      register: (model) => registerModel(registration, model),
      release: (id) => fleet.release(id),
      count: (source, models, atMs) => processMetrics.discovered(source, models, atMs),
    },
    {
      files,
      urls,
      authorization: authorizationSecret === null ? null : authorizationOf(authorizationSecret),
      timeoutMs: started.probing.timeoutMs,
    },
  );
  // Before the store is closed. No stop waits for a model that does not answer: the next start asks it again.
  closing.push('the models of the configuration and of the sources', async () => {
    stop.abort();
    await Promise.all([configured.settle(), sources.settle()]);
  });
  return {
    takeConfigured: (models) => configured.take(models),
    refresh: files.length + urls.length === 0 ? null : () => sources.refresh(),
  };
}
