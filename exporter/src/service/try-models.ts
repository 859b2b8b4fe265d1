/** Wires `mlfi config check --online`: the models of a configuration are asked, without a server or a store. */
import { targetOf } from '../application/models.js';
import { discover } from '../capture/probing/discover.js';
import { politeHttp } from '../capture/probing/host-limits.js';
import type { Config } from '../config/config.js';
import { answeredAlike } from '../capture/probing/answered-alike.js';
import type { OnTried } from '../cli/commands.js';
import type { Discovery } from '../domain/discovery.js';
import { createEgress } from '../http/egress.js';
import { seededRandom } from '../system/seeded-random.js';
import { systemClock } from '../system/system-clock.js';

/** Models that are asked at a time: hosts that do not answer keep the others waiting only so long. */
const AT_A_TIME = 8;

interface Tried {
  readonly discovery: Discovery | null;
  readonly alike: number | null;
}

/** Asks each model the way the configuration says, through its egress policy; `onTried` is called in the file's order. */
export async function tryModels(config: Config, onTried: OnTried): Promise<void> {
  const egress = createEgress(config.egress);
  const http = politeHttp(egress, systemClock);
  const authorizationOf = (name: string): string | null => config.secrets.get(name)?.reveal() ?? null;
  const ask = async (model: Config['models'][number]): Promise<Tried> => {
    const target = targetOf(model);
    if (target === null) return { discovery: null, alike: null };
    const { timeoutMs = config.probing.timeoutMs } = target;
    const context = { http, clock: systemClock, timeoutMs, authorizationOf };
    const discovery = await discover(context, target);
    const isFound = discovery.kind === 'found';
    return { discovery, alike: isFound ? await answeredAlike(context, discovery, seededRandom(1)) : null };
  };
  try {
    for (let first = 0; first < config.models.length; first += AT_A_TIME) {
      const asked = config.models.slice(first, first + AT_A_TIME).map((model) => ({ model, tried: ask(model) }));
      for (const { model, tried } of asked) {
        const { discovery, alike } = await tried;
        onTried(model.id, discovery, alike);
      }
    }
  } finally {
    await egress.close();
  }
}
