/** Wires `mlfi config check --online`: the models of a configuration are asked, without a server or a store. */
import { targetOf } from '../application/models.js';
import { discover } from '../capture/probing/discover.js';
import { politeHttp } from '../capture/probing/host-limits.js';
import type { Config } from '../config/config.js';
import type { Discovery } from '../domain/discovery.js';
import type { ModelId } from '../domain/identifiers.js';
import { createEgress } from '../http/egress.js';
import { systemClock } from '../system/system-clock.js';

/** Models that are asked at a time: hosts that do not answer keep the others waiting only so long. */
const AT_A_TIME = 8;

/** Asks each model the way the configuration says, through its egress policy; `onTried` is called in the file's order. */
export async function tryModels(
  config: Config,
  onTried: (id: ModelId, discovery: Discovery | null) => void,
): Promise<void> {
  const egress = createEgress(config.egress);
  const http = politeHttp(egress, systemClock);
  const authorizationOf = (name: string): string | null => config.secrets.get(name)?.reveal() ?? null;
  const ask = async (model: Config['models'][number]): Promise<Discovery | null> => {
    const target = targetOf(model);
    const timeoutMs = model.schedule?.timeoutMs ?? config.probing.timeoutMs;
    return target === null ? null : discover({ http, clock: systemClock, timeoutMs, authorizationOf }, target);
  };
  try {
    for (let first = 0; first < config.models.length; first += AT_A_TIME) {
      const asked = config.models.slice(first, first + AT_A_TIME).map((model) => ({ model, discovery: ask(model) }));
      for (const { model, discovery } of asked) onTried(model.id, await discovery);
    }
  } finally {
    await egress.close();
  }
}
