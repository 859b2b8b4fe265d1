import type { PanelProps } from '@grafana/data';

export interface ModelOptions {
  /** A model id, or a template variable. */
  model: string;
}

export const DEFAULT_MODEL = '${model}';

/** The model of the panel: what its option says after variables are filled; null when the variable is not set or all. */
export function chosenModel({
  options,
  replaceVariables,
}: Pick<PanelProps<ModelOptions>, 'options' | 'replaceVariables'>): string | null {
  const model = replaceVariables(options.model ?? DEFAULT_MODEL);
  return /^[a-z0-9-]{1,64}$/.test(model) ? model : null;
}
