import { z } from 'zod';
import { codec } from '../../domain/codec.js';
import { API_SCOPES, type ApiKey } from '../../domain/ports.js';
import { ids } from './fields.js';

const apiKey: z.ZodType<ApiKey> = z.object({
  id: ids.apiKey,
  name: z.string(),
  secretHash: z.string(),
  scopes: z.array(z.enum(API_SCOPES)),
  createdAtMs: z.number(),
  lastUsedAtMs: z.number().nullable(),
  revokedAtMs: z.number().nullable(),
});

export const apiKeyCodec = codec('API key', apiKey);
