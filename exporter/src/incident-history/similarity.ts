import type { Fingerprint } from '../domain/incident.js';
import type { Lesson, SimilarLesson } from '../domain/lesson.js';

/** Below this two incidents are not worth comparing; RCACopilot (arXiv 2305.15778) offers "unseen" likewise. */
const LEAST_SIMILARITY = 0.35;
/** Most recurrences come within 20 days (93.8 % in RCACopilot's data). */
const DECAY_DAYS = 25;
const LISTED = 5;
const DAY_MS = 86_400_000;

/** Cosine of two sparse vectors, weighted by inverse document frequency where given; 0 when either is empty. */
function cosine(a: Fingerprint, b: Fingerprint, weightOf: (key: string) => number = () => 1): number {
  const norm = (print: Fingerprint): number =>
    Math.sqrt(Object.entries(print).reduce((sum, [key, value]) => sum + (weightOf(key) * value) ** 2, 0));
  const product = Object.entries(a).reduce((sum, [key, value]) => sum + weightOf(key) ** 2 * value * (b[key] ?? 0), 0);
  const length = norm(a) * norm(b);
  return length === 0 ? 0 : Math.max(0, product / length);
}

/** Cosine of the fingerprint with each lesson's, where facts that are rare among the lessons count more; 0–1. */
export function similarityAmong(print: Fingerprint, lessons: readonly Lesson[]): (lesson: Lesson) => number {
  const seen = new Map<string, number>();
  for (const { fingerprint } of lessons)
    for (const key of Object.keys(fingerprint)) seen.set(key, (seen.get(key) ?? 0) + 1);
  const rarity = (key: string): number => 1 + Math.log((1 + lessons.length) / (1 + (seen.get(key) ?? 0)));
  return ({ fingerprint }) => cosine(print, fingerprint, rarity);
}

/** Lessons most like the fingerprint: cosine with rare facts counting more, × exp(−days/25). At most five; none when it is new. */
export function similarLessons(print: Fingerprint, atMs: number, lessons: readonly Lesson[]): SimilarLesson[] {
  const similarityTo = similarityAmong(print, lessons);
  return lessons
    .map((lesson) => ({
      lesson,
      similarity: similarityTo(lesson) * Math.exp(-Math.max(0, atMs - lesson.closedAtMs) / DAY_MS / DECAY_DAYS),
    }))
    .filter(({ similarity }) => similarity >= LEAST_SIMILARITY)
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, LISTED);
}
