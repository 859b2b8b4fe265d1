import React from 'react';
import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Badge, Stack, TextLink } from '@grafana/ui';
import { exporter } from '../../api/client';
import { useLive } from '../../api/useLive';
import { relative, SEVERITY_COLOURS } from '../../components/format';
import { LiveView } from '../../components/States';
import { PAGES } from '../../constants';
import { CauseView } from '../../incident/CauseView';
import { chosenModel, type ModelOptions } from '../panel-options';

/** The open incident of a model; null when there is none. */
async function openIncident(model: string) {
  const { incident_id } = await exporter.model(model);
  return { incident: incident_id === null ? null : await exporter.incident(incident_id) };
}

function CauseOf({ model }: { model: string }) {
  const live = useLive(`cause/${model}`, () => openIncident(model));
  return (
    <LiveView live={live} rows={4}>
      {({ incident }) =>
        incident === null ? (
          <p>{t('panel.well', 'No open incident: {{model}} is as its baseline.', { model })}</p>
        ) : (
          <>
            <Stack gap={1} alignItems="center" wrap="wrap">
              <Badge text={incident.severity} color={SEVERITY_COLOURS[incident.severity]} />
              <span>{t('incident.since', 'since {{when}}', { when: relative(incident.openedAtMs) })}</span>
              <TextLink href={PAGES.incident(incident.id)}>{t('panel.open', 'Open the incident')}</TextLink>
            </Stack>
            <p>{incident.explanation.headline}</p>
            <CauseView cause={incident.diagnosis.causes[0]} />
          </>
        )
      }
    </LiveView>
  );
}

/** Current cause and evidence of the dashboard's model. */
export function RootCausePanel(props: PanelProps<ModelOptions>) {
  const model = chosenModel(props);
  return (
    <div
      style={{ width: props.width, height: props.height, overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={t('panel.cause', 'Root cause')}
    >
      {model === null ? (
        <p>{t('panel.choose', "Choose one model: by the dashboard's variable, or in this panel's options.")}</p>
      ) : (
        <CauseOf model={model} />
      )}
    </div>
  );
}
