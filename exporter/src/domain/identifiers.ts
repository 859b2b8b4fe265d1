import { createHash } from 'node:crypto';
import { Invalid } from './errors.js';

/** Branded identifiers: a plain string cannot be passed where one of these is wanted. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** URL-safe slug of a watched model, e.g. `fraud-detector`. Never contains `/`, `.` runs or spaces. */
export type ModelId = Branded<'ModelId'>;
export type IncidentId = Branded<'IncidentId'>;
export type RecommendationId = Branded<'RecommendationId'>;
export type VoteId = Branded<'VoteId'>;
export type ExecutionId = Branded<'ExecutionId'>;
export type LessonId = Branded<'LessonId'>;
export type ApiKeyId = Branded<'ApiKeyId'>;
export type ValidationId = Branded<'ValidationId'>;

const LONGEST_ID = 64;
const HASH_CHARACTERS = 8;
const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/**
 * Reads a model id.
 * @throws Invalid when the text is not a slug of 1–64 characters `a–z 0–9 -`.
 */
export function modelId(text: string): ModelId {
  const id = asModelId(text);
  if (id === null) {
    throw new Invalid(
      `model id "${text.slice(0, 80)}" must be 1–64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit`,
      'model',
    );
  }
  return id;
}

/** The same; null when the text is none. */
export const asModelId = (text: string): ModelId | null => (SLUG.test(text) ? (text as ModelId) : null);

/** Derives a valid slug from any text (a name or a URL); falls back to `model`. */
export function slugOf(text: string): ModelId {
  const slug = text
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_ID)
    .replace(/^-+|-+$/g, '');
  return modelId(slug === '' ? 'model' : slug);
}

/** A slug that tells texts apart which `slugOf` does not: a beginning to know it by, and a hash of the whole text. */
export function hashedSlugOf(text: string, known = text): ModelId {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS);
  const beginning = slugOf(known).slice(0, LONGEST_ID - HASH_CHARACTERS - 1);
  return modelId(`${beginning.replace(/-+$/, '')}-${hash}`);
}

export const incidentId = (text: string): IncidentId => text as IncidentId;
export const recommendationId = (text: string): RecommendationId => text as RecommendationId;
export const voteId = (text: string): VoteId => text as VoteId;
export const executionId = (text: string): ExecutionId => text as ExecutionId;
export const lessonId = (text: string): LessonId => text as LessonId;
export const validationId = (text: string): ValidationId => text as ValidationId;
export const apiKeyId = (text: string): ApiKeyId => text as ApiKeyId;
