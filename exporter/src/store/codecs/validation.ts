import { z } from 'zod';
import { anyNumber, codec, count, inRow } from '../../domain/codec.js';
import { VALIDATION_CRITERIA, VALIDATION_PURPOSES, type Comparison, type Validation } from '../../domain/validation.js';
import { ids, interval, proportion } from './fields.js';

const estimate = z.object({ value: anyNumber, interval });
const verdict = z.enum(['pass', 'fail', 'inconclusive']);

const comparison: z.ZodType<Comparison> = z.object({
  inputs: z.object({ golden: count, mirrored: count, generated: count }),
  agreement: proportion.nullable(),
  numericTolerance: z.number().nullable(),
  confidenceShift: estimate.nullable(),
  candidateErrors: proportion,
  currentErrors: proportion.nullable(),
  latencyRatio: estimate.nullable(),
  latencyDifferenceSeconds: z.number().nullable(),
  accuracy: z
    .object({
      labelled: count,
      currentRight: count,
      candidateRight: count,
      onlyCurrentRight: count,
      onlyCandidateRight: count,
      difference: estimate,
      pValue: anyNumber,
    })
    .nullable(),
  golden: z.object({ compared: count, asBaseline: count }),
});

const validation: z.ZodType<Validation> = z.object({
  id: ids.validation,
  modelId: ids.model,
  candidateUrl: z.string(),
  purpose: z.enum(VALIDATION_PURPOSES),
  state: z.enum(['running', 'finished', 'failed']),
  startedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  currentVersion: z.string().nullable(),
  candidateVersion: z.string().nullable(),
  calls: count,
  verdict: verdict.nullable(),
  reasons: z.array(z.string()),
  criteria: z.array(z.object({ name: z.enum(VALIDATION_CRITERIA), verdict, text: z.string() })),
  comparison: comparison.nullable(),
  requestedBy: z.string(),
});

export const validationCodec = inRow(codec('validation', validation), ({ id, modelId: model }) => ({ id, model }));
