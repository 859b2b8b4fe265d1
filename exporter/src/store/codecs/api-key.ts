import { z } from 'zod';
import { codec, inRow } from '../../domain/codec.js';
import { API_SCOPES, type ApiKey, type ApiKeyCredential } from '../../domain/api-key.js';
import { ids } from './fields.js';

/** What never changes while a key is used; the rest are columns, each changed by itself. */
export type ApiKeyDocument = Pick<ApiKey, 'id' | 'name' | 'scopes' | 'createdAtMs'> &
  Pick<ApiKeyCredential, 'secretHash'>;

const apiKey: z.ZodType<ApiKeyDocument> = z.object({
  id: ids.apiKey,
  name: z.string(),
  secretHash: z.string(),
  scopes: z.array(z.enum(API_SCOPES)),
  createdAtMs: z.number(),
});

export const apiKeyCodec = inRow(codec('API key', apiKey), ({ id }) => ({ id }));
