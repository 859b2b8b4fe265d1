import { Conflict, Invalid } from '../../domain/errors.js';
import type { ModelId } from '../../domain/identifiers.js';
import type { RowTaker } from '../../domain/ingest.js';

/** Whose logs an entry belongs to, and by which names that may be said. */
export interface Service {
  /** Names under which the configuration may know it, the most exact first. */
  readonly names: readonly string[];
  /** What it is called as a new model; null where the entry names none. */
  readonly newName: string | null;
}

export interface ServicePorts {
  readonly services: ReadonlyMap<string, ModelId>;
  readonly models: Pick<RowTaker, 'has'>;
  /** Finds or makes the model of this name. */
  readonly ensureWatched: (name: string) => Promise<ModelId>;
}

const LONGEST_NAME = 200;

/**
 * The model of a service: as the configuration says, else one of its name; or why there is none.
 * @throws what `ensureWatched` throws, unless it is about this name alone
 */
export async function modelOfService(
  { names, newName }: Service,
  { services, models, ensureWatched }: ServicePorts,
): Promise<ModelId | { readonly problem: string }> {
  for (const name of names) {
    const known = services.get(name);
    if (known === undefined) continue;
    if (models.has(known)) return known;
    return { problem: `intake.services names the model "${known}", which is not watched` };
  }
  if (newName === null || newName.length > LONGEST_NAME) return { problem: 'no service is named' };
  try {
    return await ensureWatched(newName);
  } catch (error) {
    // A name that another model has stays so, and other services of the request are no part of it.
    if (error instanceof Conflict || error instanceof Invalid) return { problem: error.message };
    throw error;
  }
}
