import type { ModelId } from '../domain/identifiers.js';
import { incidentId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Shared, StoryId, StoryPlace } from '../domain/story-place.js';
import type { Story, StoryMember } from '../domain/story.js';
import { nearestStartsMs } from './chance.js';
import { inCommon, keyOf, sourcesOf } from './shared.js';

interface OpenStory {
  readonly id: StoryId;
  shared: readonly Shared[];
  readonly members: Map<ModelId, StoryMember>;
  /** Where rows of its members come from, as far as that is known. */
  readonly sources: Set<string>;
  /** It has, or had, several members: those that are left stay in it. */
  isJoined: boolean;
  /** When the incident it began with began: whatever joins later began near that, so that no chain forms. */
  readonly beganMs: number;
  /** How often the model it began with is probed; 0 while unknown. */
  intervalMs: number;
  /** As it is shown until a member changes. */
  shown: Story | null;
}

/** What is known of an incident besides when it is placed. */
export interface Placed {
  /** How many models are watched. */
  readonly models: number;
  /** How often its model is probed: no start is known better. */
  readonly intervalMs: number;
  /** Its cause is told as a firm one. */
  readonly isFirm: boolean;
}

const startOf = ({ diagnosis: { sinceMs }, openedAtMs }: IncidentRow): number => sinceMs ?? openedAtMs;

const isEarlier = (a: IncidentRow, b: IncidentRow): boolean =>
  a.openedAtMs === b.openedAtMs ? a.id < b.id : a.openedAtMs < b.openedAtMs;

function shown(story: OpenStory): Story {
  const members = [...story.members.values()].sort((a, b) => (isEarlier(a.incident, b.incident) ? -1 : 1));
  return (story.shown ??= { id: story.id, shared: story.shared, members });
}

/** Both are known to read their rows from somewhere, and nowhere from the same. */
const areFedApart = ({ sources }: OpenStory, others: readonly string[]): boolean =>
  sources.size > 0 && others.length > 0 && others.every((name) => !sources.has(name));

/**
 * Which open incidents are one fault. An incident that stands alone is a story of its own, and joins another when it turns out to
 * share what lies upstream and when it began. It stays there until it is told, as firm, for something that shares nothing with it.
 * Changes at once or not at all: nothing here waits.
 */
export class Stories {
  private readonly placed = new Map<ModelId, OpenStory>();
  /** Stories by what is shared in them. */
  private readonly sharing = new Map<string, Set<OpenStory>>();

  /** Takes up an incident that was open before a restart, in the story it was told in. */
  restore(incident: IncidentRow): void {
    const { story: place } = incident;
    if (place === undefined) return;
    const known = this.named(place.id);
    if (known === undefined) this.found(place.id, place.shared, incident, place.beganMs);
    else this.join(known, place.shared, incident);
  }

  /**
   * The story that an open incident is told in.
   * @param shared what may be upstream of it, as far as it is known now
   */
  place(incident: IncidentRow, shared: readonly Shared[], about: Placed): StoryPlace {
    const own = this.ownOf(incident);
    if (own?.isJoined === true && (!about.isFirm || inCommon(own.shared, shared).length > 0)) this.note(own, incident);
    else {
      const left = own?.isJoined === true ? null : own;
      if (own !== null && left === null) this.leave(incident.modelId);
      const other = this.fitting(left, incident, shared, about);
      if (left !== null) this.leave(incident.modelId);
      if (other === null) this.found(left?.id ?? this.freeId(incident), shared, incident);
      else this.join(other, shared, incident);
    }
    const story = this.placed.get(incident.modelId);
    if (story === undefined) return { id: incident.id, shared };
    if (story.id === incident.id) story.intervalMs = about.intervalMs;
    return { id: story.id, shared: story.shared, ...(story.isJoined ? { beganMs: story.beganMs } : {}) };
  }

  /** The model's incident is over. */
  leave(model: ModelId): void {
    const story = this.placed.get(model);
    if (story === undefined) return;
    this.placed.delete(model);
    story.members.delete(model);
    story.shown = null;
    if (story.members.size === 0) this.list(story, []);
  }

  /** The story of a model's open incident; null where it has no other member. The same object until it changes. */
  storyOf(model: ModelId): Story | null {
    const story = this.placed.get(model);
    return story === undefined || story.members.size < 2 ? null : shown(story);
  }

  /** All that have several members. */
  all(): readonly Story[] {
    return [...new Set(this.placed.values())].filter(({ members }) => members.size > 1).map(shown);
  }

  private named(id: StoryId): OpenStory | undefined {
    return [...this.placed.values()].find((story) => story.id === id);
  }

  /** The incident's own, unless those that it left go on under it. */
  private freeId({ id }: IncidentRow): StoryId {
    let free = id;
    for (let i = 2; this.named(free) !== undefined; i += 1) free = incidentId(`${id}-${i}`);
    return free;
  }

  private ownOf({ id, modelId }: IncidentRow): OpenStory | null {
    const own = this.placed.get(modelId);
    if (own === undefined) return null;
    if (own.members.get(modelId)?.incident.id === id) return own;
    this.leave(modelId);
    return null;
  }

  /** The one that began nearest, of those it shares something with. Of two that stand alone, the later one goes to the earlier. */
  private fitting(
    own: OpenStory | null,
    incident: IncidentRow,
    shared: readonly Shared[],
    { models, intervalMs }: Placed,
  ): OpenStory | null {
    const startMs = startOf(incident);
    const nearestMs = nearestStartsMs(models);
    let best: { readonly story: OpenStory; readonly apartMs: number } | null = null;
    const candidates = new Set(shared.flatMap((each) => [...(this.sharing.get(keyOf(each)) ?? [])]));
    for (const story of candidates) {
      if (story === own || areFedApart(story, sourcesOf(shared))) continue;
      const [first] = story.members.values();
      if (!story.isJoined && first !== undefined && own !== null && isEarlier(incident, first.incident)) continue;
      const apartMs = Math.abs(story.beganMs - startMs);
      const withinMs = Math.max(nearestMs, intervalMs, story.intervalMs);
      if (apartMs <= withinMs && apartMs < (best?.apartMs ?? Infinity)) best = { story, apartMs };
    }
    return best?.story ?? null;
  }

  /** @param joinedMs when it began, where it had others before */
  private found(id: StoryId, shared: readonly Shared[], incident: IncidentRow, joinedMs?: number): void {
    const story: OpenStory = {
      id,
      shared: [],
      members: new Map(),
      sources: new Set(),
      isJoined: joinedMs !== undefined,
      beganMs: joinedMs ?? startOf(incident),
      intervalMs: 0,
      shown: null,
    };
    this.list(story, shared);
    this.add(story, shared, incident);
  }

  private join(story: OpenStory, shared: readonly Shared[], incident: IncidentRow): void {
    this.list(story, inCommon(story.shared, shared));
    story.isJoined = true;
    this.add(story, shared, incident);
  }

  private add(story: OpenStory, shared: readonly Shared[], incident: IncidentRow): void {
    const { modelId } = incident;
    for (const source of sourcesOf(shared)) story.sources.add(source);
    story.members.set(modelId, { modelId, incident, startMs: startOf(incident) });
    story.shown = null;
    this.placed.set(modelId, story);
  }

  private note(story: OpenStory, incident: IncidentRow): void {
    const known = story.members.get(incident.modelId);
    if (known === undefined || known.incident === incident) return;
    story.members.set(incident.modelId, { ...known, incident });
    story.shown = null;
  }

  /** From now on the story is found by what is shared. */
  private list(story: OpenStory, shared: readonly Shared[]): void {
    for (const key of story.shared.map(keyOf)) {
      const stories = this.sharing.get(key);
      stories?.delete(story);
      if (stories?.size === 0) this.sharing.delete(key);
    }
    story.shared = shared;
    story.shown = null;
    for (const key of shared.map(keyOf)) this.sharing.set(key, (this.sharing.get(key) ?? new Set()).add(story));
  }
}
