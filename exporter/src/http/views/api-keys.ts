import { z } from 'zod';
import { API_SCOPES, type ApiKey } from '../../domain/api-key.js';
import { instant, nullableInstant } from './estimates.js';

export const apiKeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(API_SCOPES)),
    created_at_ms: instant,
    expires_at_ms: nullableInstant.meta({ description: 'from then on it is refused; null = never' }),
    last_used_at_ms: nullableInstant.meta({ description: 'to a minute' }),
    revoked_at_ms: nullableInstant,
    replaced_by: z.string().nullable().meta({ description: 'the key that takes its place since a rotation' }),
  })
  .meta({ id: 'ApiKey' });

/** An API key without its secret and without the secret's hash. */
export const apiKeyView = (key: ApiKey): z.output<typeof apiKeySchema> => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  created_at_ms: key.createdAtMs,
  expires_at_ms: key.expiresAtMs,
  last_used_at_ms: key.lastUsedAtMs,
  revoked_at_ms: key.revokedAtMs,
  replaced_by: key.replacedBy,
});
