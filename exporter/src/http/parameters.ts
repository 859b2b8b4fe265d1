import { z } from 'zod';
import { apiKeyId, executionId, incidentId, modelId, recommendationId, type ModelId } from '../domain/identifiers.js';

const SLUG_WORDS = 'must be 1 to 64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit';

/** A model's id, in a path, a query or a body. */
export const modelIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, SLUG_WORDS)
  .transform((text): ModelId => modelId(text));

const identifier = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'must be an id: 1 to 100 characters of A–Z a–z 0–9 . _ : -');
export const incidentIdSchema = identifier.transform(incidentId);
export const recommendationIdSchema = identifier.transform(recommendationId);
export const executionIdSchema = identifier.transform(executionId);
export const apiKeyIdSchema = identifier.transform(apiKeyId);

/** A text people write. PostgreSQL cannot store NUL, and half a surrogate pair is no character. */
export const text = (shortest: number, longest: number) =>
  z
    .string()
    .min(shortest)
    .max(longest)
    .regex(/^[^\u0000]*$/, 'must not hold the NUL character')
    .refine((value) => !/\p{Surrogate}/u.test(value), 'must be well-formed Unicode');
/** A name, told in one line: none of what steers a terminal or breaks a line is in it. */
export const label = (shortest: number, longest: number) =>
  text(shortest, longest).regex(/^\P{Cc}*$/u, 'must not hold control characters');
/** Why somebody does what goes on record. */
export const reasonSchema = text(3, 4_096);

export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .max(2_048)
  .meta({
    override: ({ jsonSchema }) => {
      // International host names are taken, which the format `uri` has no place for.
      delete jsonSchema.format;
      jsonSchema.pattern = '^https?://';
    },
  });

/** A whole number in a query. @param otherwise what is taken when it is not given; null is left to the description */
export const wholeNumber = <Otherwise extends number | null>(least: number, most: number, otherwise: Otherwise) =>
  z
    .string()
    .optional()
    .transform((given, context): number | Otherwise => {
      if (given === undefined) return otherwise;
      const value = Number(given);
      if (/^-?\d{1,16}$/.test(given) && value >= least && value <= most) return value;
      context.addIssue({ code: 'custom', message: `must be a whole number from ${least} to ${most}` });
      return z.NEVER;
    })
    .meta({
      override: {
        type: 'integer',
        minimum: least,
        maximum: most,
        ...(otherwise === null ? {} : { default: otherwise }),
      },
    });

/** How many entries a list has at most. */
export const limit = wholeNumber(1, 1_000, 100);

/** `true` or `false` in a query; undefined when not given. */
export const flag = z
  .enum(['true', 'false'], 'must be true or false')
  .optional()
  .transform((given) => (given === undefined ? undefined : given === 'true'))
  .meta({ override: { type: 'boolean', enum: [true, false] } });

/** The last millisecond a date can say. */
export const LATEST_MS = 8_640_000_000_000_000;
