/** Wires the check of one URL; the running service is wired in `start.ts`. */
import type { InvestigateOnceOptions } from '../cli/commands.js';
import { discover } from '../capture/probing/discover.js';
import { politeHttp } from '../capture/probing/host-limits.js';
import { chooseGoldenInputs } from '../capture/probing/payloads/golden.js';
import { shownCalls } from '../capture/probing/shown-calls.js';
import { createProber } from '../capture/probing/prober.js';
import type { Patience } from '../evaluation/collect-probes.js';
import type { Clock } from '../domain/ports.js';
import { durationText } from '../domain/time-text.js';
import type { Investigation } from '../domain/investigation.js';
import { DEFAULT_VERIFICATION_TIMES } from '../domain/recommendation.js';
import { DEFAULT_THRESHOLDS } from '../domain/thresholds.js';
import { createEgress } from '../http/egress.js';
import { investigate, type GivenTarget } from '../evaluation/evaluate-url.js';
import { keyedHash } from '../system/keyed-hash.js';
import { createLogger } from '../system/logger.js';
import { seededRandom } from '../system/seeded-random.js';
import { systemClock } from '../system/system-clock.js';

/** What the caller says of how the model is asked, where that is a payload. */
function givenIn(url: string, { payloads, connector, asking }: InvestigateOnceOptions['target']): GivenTarget | null {
  if (payloads === undefined) return null;
  const endpoint = { url, connector: connector ?? 'rest', settings: {}, authorizationSecret: null } as const;
  return { endpoint: asking === undefined ? endpoint : { ...endpoint, asking }, payloads };
}

/** Somebody at a terminal waits so long in all for a server that asks to be left alone. */
const PATIENCE_MS = 60_000;
const SHORTEST_WAIT_MS = 1_000;

function patience(clock: Clock): Patience {
  let leftMs = PATIENCE_MS;
  return async ({ retryAfterMs }, onProgress) => {
    if (retryAfterMs === null || retryAfterMs > leftMs) return false;
    const waitMs = Math.max(SHORTEST_WAIT_MS, retryAfterMs);
    leftMs -= waitMs;
    const text = `The server asks to be left alone: waiting ${durationText(waitMs)}`;
    onProgress({ stage: 'probing', done: 0, of: 1, text });
    await clock.sleep(waitMs);
    return true;
  };
}

/** `mlfi investigate`: one check without a server, a configuration or a store. The caller named the address, so it may be any. */
export async function investigateOnce(url: string, options: InvestigateOnceOptions): Promise<Investigation> {
  const clock = systemClock;
  const egress = createEgress({ allowHosts: [], allowCidrs: ['0.0.0.0/0', '::/0'], allowPorts: [] });
  const { onCall, secrets } = options;
  const shown = onCall === undefined ? egress : shownCalls(egress, secrets.values(), onCall);
  const http = politeHttp(shown, clock);
  const authorizationOf = (name: string): string | null => options.secrets.get(name) ?? null;
  const logger = createLogger('error');
  const prober = createProber({ http, clock, random: seededRandom(1), logger, authorizationOf });
  try {
    return await investigate(
      {
        clock,
        hash: keyedHash('one check'),
        discover: (url) =>
          discover(
            { http, clock, timeoutMs: options.timeoutMs, authorizationOf },
            { url, authorizationSecret: null, ...options.target },
          ),
        given: givenIn(url, options.target),
        chooseGoldenInputs: (payloads) => chooseGoldenInputs(payloads),
        cycle: (model) => prober.cycle(model),
        baselines: null,
        watchedModelAt: () => null,
        lessons: () => [],
        wait: patience(clock),
      },
      {
        experience: { thresholds: DEFAULT_THRESHOLDS, targets: [], verification: DEFAULT_VERIFICATION_TIMES },
        timeoutMs: options.timeoutMs,
        defaultSamples: options.samples,
      },
      { url, samples: options.samples },
      options.onProgress,
    );
  } finally {
    await egress.close();
  }
}
