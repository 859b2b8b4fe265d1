import { z } from 'zod';
import { API_SCOPES, type ApiKey } from '../../domain/ports.js';
import { instant, nullableInstant } from './estimates.js';

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(API_SCOPES)),
    created_at_ms: instant,
    last_used_at_ms: nullableInstant,
    revoked_at_ms: nullableInstant,
  })
  .meta({ id: 'ApiKey' });

/** An API key without its secret and without the secret's hash. */
export const apiKeyView = (key: ApiKey): z.output<typeof apiKeySchema> => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  created_at_ms: key.createdAtMs,
  last_used_at_ms: key.lastUsedAtMs,
  revoked_at_ms: key.revokedAtMs,
});
