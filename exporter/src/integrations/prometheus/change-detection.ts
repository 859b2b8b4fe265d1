import type { ChangeEvent } from '../../domain/symptoms.js';
import type { ModelId } from '../../domain/identifiers.js';
import type { AnnotationSource, Clock, HttpClient, Logger } from '../../domain/ports.js';
import {
  changesFromAnnotations,
  changesFromInfo,
  changesFromTimestamps,
  type ChangeAnnotations,
  type ChangeQuery,
  type FoundChange,
} from './change-queries.js';
import { queryRange, type PrometheusAccess } from './prometheus-reader.js';

export interface ChangeSettings {
  readonly pollEveryMs: number;
  /** How far back changes are looked for, also after a time in which mlfi was down. */
  readonly lookBackMs: number;
  readonly stepMs: number;
  readonly prometheus: PrometheusAccess | null;
  readonly queries: readonly ChangeQuery[];
  readonly annotations: readonly ChangeAnnotations[];
}

export interface ChangeWatchPorts {
  readonly http: HttpClient;
  readonly annotations: AnnotationSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Read at every poll. */
  readonly settings: () => ChangeSettings;
  readonly models: () => readonly ModelId[];
  /** What is already recorded of a model. */
  readonly known: (model: ModelId) => readonly ChangeEvent[];
  readonly record: (model: ModelId, change: ChangeEvent) => Promise<void>;
}

const MAX_ANNOTATIONS = 500;

/** One round over all sources. A source that cannot be read is logged when it begins to fail; the others are read all the same. */
export function createChangeWatch(ports: ChangeWatchPorts): {
  poll(): Promise<number>;
  run(signal: AbortSignal): Promise<void>;
} {
  const { clock, logger } = ports;
  const failing = new Set<string>();
  /** Recorded by this process; forgotten after twice the look-back. */
  const seen = new Map<string, number>();

  const report = (source: string, reason: string | null): void => {
    if (reason === null) {
      if (failing.delete(source)) logger.info({ source }, 'changes can be read again');
    } else if (!failing.has(source)) {
      failing.add(source);
      logger.warn({ source, reason }, 'changes cannot be read');
    }
  };

  const fromPrometheus = async (settings: ChangeSettings, nowMs: number): Promise<FoundChange[]> => {
    const { prometheus, stepMs, lookBackMs } = settings;
    if (prometheus === null) return [];
    // Steps at whole multiples: the same change is found at the same time in every round, and is recorded once.
    const toMs = Math.floor(nowMs / stepMs) * stepMs;
    const fromMs = Math.floor((nowMs - lookBackMs) / stepMs) * stepMs;
    const found: FoundChange[] = [];
    for (const query of settings.queries) {
      const answer = await queryRange(ports.http, prometheus, query.expr, fromMs, toMs, stepMs);
      report(`query ${query.name}`, answer.kind === 'failure' ? answer.reason : null);
      if (answer.kind === 'failure') continue;
      found.push(
        ...(query.type === 'info'
          ? changesFromInfo(query, answer.series)
          : changesFromTimestamps(query, answer.series, fromMs, nowMs)),
      );
    }
    return found;
  };

  const fromGrafana = async (settings: ChangeSettings, nowMs: number): Promise<FoundChange[]> => {
    const found: FoundChange[] = [];
    for (const source of settings.annotations) {
      const answer = await ports.annotations.list({
        fromMs: nowMs - settings.lookBackMs,
        toMs: nowMs,
        tags: source.tags,
        limit: MAX_ANNOTATIONS,
      });
      report(`annotations ${source.tags.join(', ')}`, answer.kind === 'failure' ? answer.reason : null);
      if (answer.kind === 'found') found.push(...changesFromAnnotations(source, answer.annotations, ports.models()));
    }
    return found;
  };

  const poll = async (): Promise<number> => {
    const settings = ports.settings();
    const nowMs = clock.now();
    const found = [...(await fromPrometheus(settings, nowMs)), ...(await fromGrafana(settings, nowMs))];
    const watched = new Map<string, ModelId>(ports.models().map((id) => [id, id]));
    for (const [key, atMs] of seen) if (atMs < nowMs - 2 * settings.lookBackMs) seen.delete(key);
    let recorded = 0;
    for (const { model, change } of found.sort((a, b) => a.change.atMs - b.change.atMs)) {
      const id = watched.get(model);
      const key = `${model}\n${change.atMs}\n${change.kind}\n${change.text}`;
      if (id === undefined || seen.has(key)) continue;
      seen.set(key, change.atMs);
      if (isKnown(change, ports.known(id))) continue;
      await ports.record(id, change);
      recorded += 1;
    }
    return recorded;
  };

  return {
    poll,
    async run(signal) {
      while (!signal.aborted) {
        await poll().catch((error: unknown) => logger.error({ error: String(error) }, 'reading changes failed'));
        await clock.sleep(ports.settings().pollEveryMs, signal);
      }
    },
  };
}

const isKnown = (change: ChangeEvent, known: readonly ChangeEvent[]): boolean =>
  known.some(({ atMs, kind, text }) => atMs === change.atMs && kind === change.kind && text === change.text);
