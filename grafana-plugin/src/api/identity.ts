import { queryOptions } from '@tanstack/react-query';
import { bodyOf, exporter } from './client';
import { every } from './query';

export const whoAmI = () => bodyOf(exporter.GET('/api/v1/whoami'));

/** Who the exporter takes the signed-in person for. */
export const whoAmIQuery = () =>
  queryOptions({ queryKey: ['whoami'], queryFn: whoAmI, refetchInterval: every(30_000), staleTime: 30_000 });
