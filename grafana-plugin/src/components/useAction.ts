import { useState } from 'react';
import { failureOf, type Failure } from '../api/client';

export interface Action {
  /** Name of what is being done; null when nothing is. */
  busy: string | null;
  /** Why the last thing failed; null when it did not. */
  failure: Failure | null;
  /** Does one thing; `true` when it worked. */
  run: (name: string, send: () => Promise<unknown>) => Promise<boolean>;
}

/** One thing at a time that a person asked for; `onDone` is called after it, whether or not it worked. */
export function useAction(onDone?: () => void): Action {
  const [busy, setBusy] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run: Action['run'] = async (name, send) => {
    setBusy(name);
    setFailure(null);
    try {
      await send();
      return true;
    } catch (error) {
      setFailure(failureOf(error));
      return false;
    } finally {
      setBusy(null);
      onDone?.();
    }
  };
  return { busy, failure, run };
}
