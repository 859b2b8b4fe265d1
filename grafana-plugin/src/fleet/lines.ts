import type { FleetModel } from '../api/types';

/** Models in the order given, those of one story together where the first of them stands. */
export function linesOf(models: FleetModel[]): FleetModel[][] {
  const lines = new Map<string, FleetModel[]>();
  for (const model of models) {
    const key = model.story_id === null ? `model ${model.id}` : `story ${model.story_id}`;
    lines.set(key, [...(lines.get(key) ?? []), model]);
  }
  return [...lines.values()];
}
