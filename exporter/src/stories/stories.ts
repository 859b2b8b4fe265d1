import type { ModelId } from '../domain/identifiers.js';
import type { IncidentRow } from '../domain/incident.js';
import type { Shared, StoryId, StoryPlace } from '../domain/story-place.js';
import type { Story, StoryMember } from '../domain/story.js';
import { nearestStartsMs } from './chance.js';
import { inCommon, keyOf } from './shared.js';

interface OpenStory {
  readonly id: StoryId;
  shared: readonly Shared[];
  readonly members: Map<ModelId, StoryMember>;
  /** It has, or had, several members: those that are left stay in it. */
  isJoined: boolean;
}

const startOf = ({ diagnosis: { sinceMs }, openedAtMs }: IncidentRow): number => sinceMs ?? openedAtMs;

const earliestFirst = (a: StoryMember, b: StoryMember): number =>
  a.incident.openedAtMs - b.incident.openedAtMs || (a.incident.id < b.incident.id ? -1 : 1);

const membersOf = ({ members }: OpenStory): StoryMember[] => [...members.values()].sort(earliestFirst);

const shown = (story: OpenStory): Story => ({ id: story.id, shared: story.shared, members: membersOf(story) });

/**
 * Which open incidents are one fault. An incident that stands alone is a story of its own, and joins another when it turns out to
 * share what lies upstream and when it began; from then on it stays, whatever its diagnosis turns to, so that what it is paged
 * under does not change. Changes at once or not at all: nothing here waits.
 */
export class Stories {
  private readonly placed = new Map<ModelId, OpenStory>();
  /** Stories by what is shared in them. */
  private readonly sharing = new Map<string, Set<OpenStory>>();

  /** Takes up an incident that was open before a restart, in the story it was told in. */
  restore(incident: IncidentRow): void {
    const { story: place } = incident;
    if (place === undefined) return;
    const known = [...this.placed.values()].find(({ id }) => id === place.id);
    if (known === undefined) this.found(place.id, place.shared, incident, place.id !== incident.id);
    else this.join(known, place.shared, incident);
  }

  /**
   * The story that an open incident is told in.
   * @param shared what may be upstream of it, as far as it is known now
   * @param models how many are watched
   */
  place(incident: IncidentRow, shared: readonly Shared[], models: number): StoryPlace {
    const own = this.ownOf(incident);
    if (own?.isJoined === true) this.note(own, incident);
    else {
      const other = this.fitting(own, incident, shared, nearestStartsMs(models));
      if (other !== null || own !== null) this.leave(incident.modelId);
      if (other === null) this.found(own?.id ?? incident.id, shared, incident);
      else this.join(other, shared, incident);
    }
    const { id, shared: common } = this.placed.get(incident.modelId) ?? { id: incident.id, shared };
    return { id, shared: common };
  }

  /** The model's incident is over. */
  leave(model: ModelId): void {
    const story = this.placed.get(model);
    if (story === undefined) return;
    this.placed.delete(model);
    story.members.delete(model);
    if (story.members.size === 0) this.list(story, []);
  }

  /** The story of a model's open incident; null where it has no other member. */
  storyOf(model: ModelId): Story | null {
    const story = this.placed.get(model);
    return story === undefined || story.members.size < 2 ? null : shown(story);
  }

  /** All that have several members. */
  all(): readonly Story[] {
    return [...new Set(this.placed.values())].filter(({ members }) => members.size > 1).map(shown);
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
    withinMs: number,
  ): OpenStory | null {
    const startMs = startOf(incident);
    let best: { readonly story: OpenStory; readonly apartMs: number } | null = null;
    const candidates = new Set(shared.flatMap((each) => [...(this.sharing.get(keyOf(each)) ?? [])]));
    for (const story of candidates) {
      if (story === own) continue;
      const members = membersOf(story);
      const [first] = members;
      const self = { modelId: incident.modelId, incident, startMs };
      if (!story.isJoined && first !== undefined && own !== null && earliestFirst(first, self) > 0) continue;
      const apartMs = Math.min(...members.map((member) => Math.abs(member.startMs - startMs)));
      if (apartMs <= withinMs && apartMs < (best?.apartMs ?? Infinity)) best = { story, apartMs };
    }
    return best?.story ?? null;
  }

  private found(id: StoryId, shared: readonly Shared[], incident: IncidentRow, isJoined = false): void {
    const story: OpenStory = { id, shared: [], members: new Map(), isJoined };
    this.list(story, shared);
    this.add(story, incident);
  }

  private join(story: OpenStory, shared: readonly Shared[], incident: IncidentRow): void {
    this.list(story, inCommon(story.shared, shared));
    story.isJoined = true;
    this.add(story, incident);
  }

  private add(story: OpenStory, incident: IncidentRow): void {
    const { modelId } = incident;
    story.members.set(modelId, { modelId, incident, startMs: startOf(incident) });
    this.placed.set(modelId, story);
  }

  private note(story: OpenStory, incident: IncidentRow): void {
    const known = story.members.get(incident.modelId);
    if (known !== undefined) story.members.set(incident.modelId, { ...known, incident });
  }

  /** From now on the story is found by what is shared. */
  private list(story: OpenStory, shared: readonly Shared[]): void {
    for (const key of story.shared.map(keyOf)) {
      const stories = this.sharing.get(key);
      stories?.delete(story);
      if (stories?.size === 0) this.sharing.delete(key);
    }
    story.shared = shared;
    for (const key of shared.map(keyOf)) this.sharing.set(key, (this.sharing.get(key) ?? new Set()).add(story));
  }
}
