import { expect, it } from 'vitest';
import { readParameters } from '../../../exporter/src/http/request.js';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';

/** Parameters that must be given. */
const NEEDED: Readonly<Record<string, string>> = { target: 'fraud', as: 'history', batch_id: '1' };

it.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s refuses a parameter that it does not know, and names it',
  (_, { query }) => {
    const needed = Object.entries(NEEDED).filter(([name]) => query?.shape[name] !== undefined);
    const refused = (): unknown => readParameters(query, new URLSearchParams([...needed, ['nonsense', '1']]));
    expect(refused).toThrow(expect.objectContaining({ kind: 'invalid', field: 'nonsense' }));
  },
);
