import { z } from 'zod';
import { modelId, type ModelId } from '../../domain/identifiers.js';
import { setting } from '../../domain/setting.js';
import type { Clock, HttpClient, Logger, SettingRepository } from '../../domain/ports.js';
import { readTargetGroups, type DiscoveredModel, type TargetGroups } from './target-groups.js';

export interface ModelSourcePorts {
  readonly readFile: (path: string) => Promise<string>;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: SettingRepository;
  readonly isWatched: (id: ModelId) => boolean;
  /**
   * Watches a model, or takes over what changed of one.
   * @returns `isTaken` false when it came to be watched from elsewhere just before; `settled` whether it is what is listed
   */
  readonly register: (
    model: DiscoveredModel,
  ) => Promise<{ readonly isTaken: boolean; readonly settled: Promise<boolean> }>;
  /** Stops watching a model; what was learnt about it is kept, in case it comes back. */
  readonly release: (id: ModelId) => Promise<void>;
  /** @param models null when the source could not be read */
  readonly count: (source: string, models: number | null, atMs: number) => void;
}

export interface ModelSourceSettings {
  readonly files: readonly string[];
  readonly urls: readonly string[];
  /** Value of the Authorization header for the addresses. */
  readonly authorization: string | null;
  readonly timeoutMs: number;
}

export interface ModelSources {
  /** Reads every source once and brings the watched models in line with what they list. */
  refresh(): Promise<void>;
  /** Resolves when no model is being brought in line. */
  settle(): Promise<void>;
}

const PROBLEMS_TOLD = 10;
const LARGEST_LIST_BYTES = 8 * 1024 * 1024;

interface Owned {
  readonly source: string;
  /** What was listed, to see a change. */
  readonly listed: string;
}

/** Models that a source lists, with the source. */
export const DISCOVERED_MODELS = setting<Readonly<Record<string, Owned>>>(
  'discovered-models',
  z.record(z.string(), z.object({ source: z.string(), listed: z.string() })),
);

/** Name of a source in metrics and logs: an address without its query, which may hold a token. */
const nameOf = (kind: 'file' | 'http', place: string): string => {
  if (kind === 'file') return `file:${place.split('/').at(-1) ?? place}`;
  const { host, pathname } = new URL(place);
  return `http:${host}${pathname}`;
};

/** Models listed in files (file_sd) and at addresses (HTTP SD). A source that cannot be read keeps its last good list; an entry that is wrong is left out and named. */
export function createModelSources(ports: ModelSourcePorts, settings: ModelSourceSettings): ModelSources {
  let owned: Map<ModelId, Owned> | null = null;
  let saved: string | null = null;
  /** Models whose change is under way: what is listed meanwhile is taken over at a later refresh, in that order. */
  const changing = new Set<ModelId>();
  /** Models that are asked how they want to be probed, or are changed. */
  const settling = new Set<Promise<void>>();
  /** What was told to be wrong, by source. */
  const told = new Map<string, string>();

  const remembered = async (): Promise<Map<ModelId, Owned>> => {
    const stored = await ports.settings.get(DISCOVERED_MODELS);
    return new Map(Object.entries(stored ?? {}).map(([id, entry]) => [modelId(id), entry]));
  };

  const fetched = async (url: string): Promise<string> => {
    const answer = await ports.http.call({
      method: 'GET',
      url,
      headers: {
        accept: 'application/json',
        'x-prometheus-refresh-interval-seconds': '30',
        ...(settings.authorization === null ? {} : { authorization: settings.authorization }),
      },
      body: null,
      timeoutMs: settings.timeoutMs,
      maxResponseBytes: LARGEST_LIST_BYTES,
    });
    if (answer.kind === 'failure') throw new Error(answer.failure.detail);
    if (answer.status !== 200) throw new Error(`answered ${answer.status}, must be 200`);
    return answer.body;
  };

  /** Tells what is wrong in a list once, and again when it is something else. */
  const tell = (source: string, problems: readonly string[]): void => {
    const text = JSON.stringify(problems);
    if (problems.length > 0 && told.get(source) !== text)
      ports.logger.error(
        { source, entries: problems.length, problems: problems.slice(0, PROBLEMS_TOLD) },
        'entries of a discovery source are left out; until they are right, no model leaves its list',
      );
    told.set(source, text);
  };

  const listOf = async (
    source: string,
    text: () => Promise<string>,
  ): Promise<Pick<Extract<TargetGroups, { kind: 'read' }>, 'models' | 'problems'> | null> => {
    const fail = (problem: string): null => {
      ports.logger.error({ source, problem }, 'a discovery source cannot be read; its last list stays in force');
      ports.count(source, null, ports.clock.now());
      return null;
    };
    let raw: string;
    try {
      raw = await text();
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error));
    }
    const read = readTargetGroups(raw);
    if (read.kind === 'refused') return fail(read.problem);
    ports.count(source, read.models.length, ports.clock.now());
    tell(source, read.problems);
    return read;
  };

  const take = async (known: Map<ModelId, Owned>, source: string, model: DiscoveredModel): Promise<void> => {
    const listed = JSON.stringify(model);
    const before = known.get(model.id);
    if (before === undefined && ports.isWatched(model.id)) {
      ports.logger.debug({ source, model: model.id }, 'a listed model is watched already, from elsewhere');
      return;
    }
    if (before !== undefined && before.source !== source) return;
    if (before?.listed === listed && ports.isWatched(model.id)) return;
    if (changing.has(model.id)) return;
    const isWatched = ports.isWatched(model.id);
    const { isTaken, settled } = await ports.register(model);
    const ended: Promise<void> = settled.then(() => void settling.delete(ended));
    settling.add(ended);
    if (!isTaken) return;
    if (!isWatched) {
      known.set(model.id, { source, listed });
      return;
    }
    // A change is remembered once it is made: one that failed is made at the next refresh.
    changing.add(model.id);
    void settled.then((isMade) => {
      changing.delete(model.id);
      if (isMade && known.get(model.id)?.source === source) known.set(model.id, { source, listed });
    });
  };

  /** One model's trouble is not the others': it is tried again at the next refresh. */
  const apart = async (source: string, model: ModelId, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      ports.logger.error({ source, model, error: String(error) }, 'a listed model could not be brought in line');
    }
  };

  return {
    async refresh() {
      const known = (owned ??= await remembered());
      saved ??= JSON.stringify([...known]);
      const sources = [
        ...settings.files.map((file) => ({ name: nameOf('file', file), text: () => ports.readFile(file) })),
        ...settings.urls.map((url) => ({ name: nameOf('http', url), text: () => fetched(url) })),
      ];
      for (const { name, text } of sources) {
        const list = await listOf(name, text);
        if (list === null) continue;
        const { models, problems } = list;
        const listed = new Set(models.map(({ id }) => id));
        for (const [id, { source }] of known) {
          // An entry that cannot be read may be this model's.
          if (source !== name || listed.has(id) || problems.length > 0) continue;
          await apart(name, id, async () => {
            if (ports.isWatched(id)) await ports.release(id);
            known.delete(id);
          });
        }
        for (const model of models) await apart(name, model.id, () => take(known, name, model));
      }
      const now = JSON.stringify([...known]);
      if (now === saved) return;
      await ports.settings.set(DISCOVERED_MODELS, Object.fromEntries(known));
      saved = now;
    },
    settle: async () => void (await Promise.all(settling)),
  };
}
