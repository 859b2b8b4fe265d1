import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Failure } from '../api/failure';

export interface Action {
  /** Name of what is being done; null when nothing is. */
  busy: string | null;
  /** Why the last thing failed; null when it did not. */
  failure: Failure | null;
  /** Does one thing; `true` when it worked. */
  run: (name: string, send: () => Promise<unknown>) => Promise<boolean>;
}

/** One thing at a time that a person asked for; whatever is on the page is asked for anew after it, whether or not it worked. */
export function useAction(): Action {
  const client = useQueryClient();
  const { mutateAsync, isPending, variables, error } = useMutation({
    mutationFn: ({ send }: { name: string; send: () => Promise<unknown> }) => send(),
    onSettled: () => client.invalidateQueries(),
  });
  const run: Action['run'] = async (name, send) => {
    try {
      await mutateAsync({ name, send });
      return true;
    } catch {
      return false;
    }
  };
  return { busy: isPending ? (variables?.name ?? null) : null, failure: error, run };
}
