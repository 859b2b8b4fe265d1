import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';

export interface ModelOptions {
  /** A model id, or a template variable; empty for every model. */
  model: string;
}

/** The variable of mlfi's dashboards. */
export const DEFAULT_MODEL = '${model_name}';

const ID = /^[a-z0-9-]{1,64}$/;

/** What the panel is about: one model, every model, or nothing that can be told. */
export type Choice = { kind: 'one'; model: string } | { kind: 'every' } | { kind: 'none'; why: string };

/**
 * The model of the panel: what its option says after variables are filled. A panel whose option was never set follows the
 * dashboard's variable; "All" is every model; an unknown variable or several chosen models are said, not guessed at.
 */
export function chosenModel({
  options,
  replaceVariables,
}: Pick<PanelProps<ModelOptions>, 'options' | 'replaceVariables'>): Choice {
  const wanted = options.model ?? DEFAULT_MODEL;
  const filled = replaceVariables(wanted).trim();
  if (ID.test(filled)) {
    return { kind: 'one', model: filled };
  }
  if (filled === '' || filled === '.*' || filled === '$__all') {
    return { kind: 'every' };
  }
  return {
    kind: 'none',
    why: filled.includes('$')
      ? t('panel.no-variable', 'This dashboard has no variable {{name}}: name a model in the options of this panel.', {
          name: wanted,
          interpolation: { escapeValue: false },
        })
      : t('panel.several', 'Choose a single model in the dashboard, or name one in the options of this panel.'),
  };
}
