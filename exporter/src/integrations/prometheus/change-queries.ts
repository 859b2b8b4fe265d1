import type { ChangeEvent } from '../../domain/symptoms.js';

/** A PromQL query whose answers tell of changes. */
export interface ChangeQuery {
  readonly name: string;
  readonly kind: ChangeEvent['kind'];
  /**
   * `info`: series of value 1 whose label `valueLabel` names what is in force, as `*_info` metrics do; a value that appears
   * is a change. `timestamp`: the value is the time of the last change in seconds since 1970.
   */
  readonly type: 'info' | 'timestamp';
  readonly expr: string;
  /** Label that holds the model's id. */
  readonly modelLabel: string;
  /** Label that holds what changed; null for `timestamp`. */
  readonly valueLabel: string | null;
}

/** Grafana annotations that tell of changes: those with all `tags`. */
export interface ChangeAnnotations {
  readonly kind: ChangeEvent['kind'];
  readonly tags: readonly string[];
  /** Annotations name their model by a tag `<modelTag>:<model id>`. */
  readonly modelTag: string;
  /** Whether one that names no model is about all of them. */
  readonly everyModel: boolean;
}

/** One series of a range query: points in ascending time. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

/** A change and the model it is about; the id is as the label says, known or not. */
export interface FoundChange {
  readonly model: string;
  readonly change: ChangeEvent;
}

const MAX_VALUE = 80;
const MAX_TEXT = 200;
/** Replicas that restart one after another are one change. */
const ROLLOUT_MS = 60_000;

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
// Label values and annotations are other people's text: no control characters, no line breaks, a bounded length.
const clean = (text: string, longest: number): string => cut(text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim(), longest);

/**
 * Changes shown by an `info` query: a value of the label that was not there at the step before, while another was. Nothing
 * is known about what came before the first step, so what is there from the start is no change; over a gap without any
 * series the last known value counts, so that a missed scrape is no change either.
 */
export function changesFromInfo(query: ChangeQuery, series: readonly RangeSeries[]): readonly FoundChange[] {
  const { modelLabel, valueLabel, kind } = query;
  if (valueLabel === null) return [];
  const presence = new Map<string, Map<number, Set<string>>>();
  for (const { labels, points } of series) {
    const model = labels[modelLabel];
    const value = labels[valueLabel];
    if (model === undefined || value === undefined || value === '') continue;
    const steps = presence.get(model) ?? new Map<number, Set<string>>();
    presence.set(model, steps);
    for (const { atMs } of points) steps.set(atMs, (steps.get(atMs) ?? new Set()).add(value));
  }
  return [...presence].flatMap(([model, steps]) => {
    const found: FoundChange[] = [];
    let before: ReadonlySet<string> | null = null;
    for (const [atMs, now] of [...steps].sort(([a], [b]) => a - b)) {
      if (before !== null) {
        for (const value of now) {
          if (before.has(value)) continue;
          const old = [...before].filter((known) => !now.has(known)).at(0) ?? [...before].at(0) ?? '';
          const text = `${valueLabel} changed from "${clean(old, MAX_VALUE)}" to "${clean(value, MAX_VALUE)}" (${query.name})`;
          found.push({ model, change: { atMs, kind, text } });
        }
      }
      before = now;
    }
    return found;
  });
}

/**
 * Changes shown by a `timestamp` query: every value that lies in [fromMs, toMs], once. Times within a minute of each other
 * are one rollout, dated by its beginning.
 */
export function changesFromTimestamps(
  query: ChangeQuery,
  series: readonly RangeSeries[],
  fromMs: number,
  toMs: number,
): readonly FoundChange[] {
  const times = new Map<string, Set<number>>();
  for (const { labels, points } of series) {
    const model = labels[query.modelLabel];
    if (model === undefined) continue;
    const known = times.get(model) ?? new Set<number>();
    times.set(model, known);
    for (const { value } of points) {
      const atMs = Math.round(value * 1_000);
      if (Number.isFinite(atMs) && atMs >= fromMs && atMs <= toMs) known.add(atMs);
    }
  }
  return [...times].flatMap(([model, known]) => {
    const found: FoundChange[] = [];
    let last = -Infinity;
    for (const atMs of [...known].sort((a, b) => a - b)) {
      if (atMs - last > ROLLOUT_MS) {
        const change: ChangeEvent = { atMs, kind: query.kind, text: `${query.name} tells of a change` };
        found.push({ model, change });
      }
      last = atMs;
    }
    return found;
  });
}

/** Changes shown by annotations of other people or tools. Those of mlfi itself are left out: they tell of effects. */
export function changesFromAnnotations(
  source: ChangeAnnotations,
  annotations: readonly { readonly timeMs: number; readonly text: string; readonly tags: readonly string[] }[],
  models: readonly string[],
): readonly FoundChange[] {
  const prefix = `${source.modelTag}:`;
  return annotations.flatMap(({ timeMs, text, tags }) => {
    if (tags.includes('mlfi')) return [];
    const named = tags.flatMap((tag) => (tag.startsWith(prefix) ? [tag.slice(prefix.length)] : []));
    const about = named.length > 0 ? named : source.everyModel ? models : [];
    const said = clean(text.replaceAll(/<[^>]*>/g, ' '), MAX_TEXT);
    const change: ChangeEvent = {
      atMs: timeMs,
      kind: source.kind,
      text: said === '' ? `Annotation with the tags ${clean(source.tags.join(', '), MAX_TEXT)}` : said,
    };
    return about.map((model) => ({ model, change }));
  });
}
