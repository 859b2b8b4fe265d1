import type { Shared } from '../domain/story-place.js';
import type { Story } from '../domain/story.js';
import { minuteText } from '../domain/time-text.js';

/** What most of them are; the first of those that are as many. */
function mostCommon(texts: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return (
    [...counts].reduce<readonly [string, number] | null>(
      (best, next) => (best === null || next[1] > best[1] ? next : best),
      null,
    )?.[0] ?? null
  );
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

/** One line on all of them, e.g. “14 models at scoring.internal do not answer since 2026-11-30 10:04 UTC.” */
export function storyHeadline(story: Story): string {
  const causes = story.members.flatMap(({ incident }) => incident.diagnosis.causes.slice(0, 1));
  const id = mostCommon(causes.map((cause) => cause.id));
  const title =
    mostCommon(causes.filter((cause) => cause.id === id).map((cause) => cause.title)) ?? 'Something changed';
  const models = `${story.members.length} models${where(story.shared, title)}`;
  const since = `since ${minuteText(storySinceMs(story))}`;
  return id === 'model-unreachable' ? `${models} do not answer ${since}.` : `${models}: ${title}, ${since}.`;
}
