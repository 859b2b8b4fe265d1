import { PanelPlugin } from '@grafana/data';
import { initPluginTranslations, t } from '@grafana/i18n';
import { PLUGIN_ID } from '../../constants';
import { DEFAULT_MODEL, type ModelOptions } from '../panel-options';
import { ApprovalPanel } from './ApprovalPanel';

void initPluginTranslations(PLUGIN_ID);

// No dynamic import here: Grafana would look for the chunk in the panel's own folder, and webpack puts it in the app's.
export const plugin = new PanelPlugin<ModelOptions>(ApprovalPanel).setPanelOptions((builder) =>
  builder.addTextInput({
    path: 'model',
    name: t('panel.option-model', 'Model'),
    description: t('panel.option-model-what', 'A model id or a variable'),
    defaultValue: DEFAULT_MODEL,
  })
);
