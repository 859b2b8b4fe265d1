import type { Shared } from '../domain/story-place.js';
import type { Story, StoryMember } from '../domain/story.js';
import { minuteText } from '../domain/time-text.js';

/** What most of them are told as; the first of those that are as many. */
function mostCommon(members: readonly StoryMember[], textOf: (member: StoryMember) => string): readonly StoryMember[] {
  const groups = new Map<string, StoryMember[]>();
  for (const member of members) {
    const text = textOf(member);
    groups.set(text, [...(groups.get(text) ?? []), member]);
  }
  return [...groups.values()].reduce((best, next) => (next.length > best.length ? next : best), []);
}

function where([first]: readonly Shared[], title: string): string {
  if (first === undefined) return '';
  if (first.kind === 'address') return ` at ${first.name}`;
  if (first.kind === 'source') return ` fed by ${first.name}`;
  return title.includes(`\`${first.name}\``) ? '' : ` with \`${first.name}\``;
}

/** Since when the earliest of them has trouble. */
export const storySinceMs = ({ members }: Pick<Story, 'members'>): number =>
  Math.min(...members.map(({ startMs }) => startMs));

/** One line on most of them, e.g. “14 models at scoring.internal do not answer since 2026-11-30 10:04 UTC.” */
export function storyHeadline({ members, shared }: Pick<Story, 'members' | 'shared'>): string {
  const causeOf = ({ incident }: StoryMember) => incident.diagnosis.causes[0];
  const alike = mostCommon(members, (member) => causeOf(member)?.id ?? '');
  const isUnanswered = alike.some((member) => causeOf(member)?.id === 'model-unreachable');
  const told = isUnanswered ? alike : mostCommon(alike, (member) => causeOf(member)?.title ?? '');
  const title = told.map((member) => causeOf(member)?.title)[0] ?? 'Something changed';
  const of = told.length < members.length ? ` of ${members.length}` : '';
  const models = `${told.length}${of} models${where(shared, title)}`;
  const since = `since ${minuteText(storySinceMs({ members: told }))}`;
  return isUnanswered
    ? `${models} ${told.length === 1 ? 'does' : 'do'} not answer ${since}.`
    : `${models}: ${title}, ${since}.`;
}
