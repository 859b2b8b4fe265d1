import React from 'react';
import { useQuery } from '@tanstack/react-query';
import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { TextLink } from '@grafana/ui';
import { incidentQuery } from '../../api/incidents';
import { fleetQuery, modelQuery } from '../../api/models';
import { Queries } from '../../api/query';
import { QueryView } from '../../components/States';
import { PAGES } from '../../constants';
import { CauseView } from '../../incident/CauseView';
import { Headline } from '../../incident/Headline';
import { chosenModel, type ModelOptions } from '../panel-options';

function Open({ incident: id }: { incident: string }) {
  const query = useQuery(incidentQuery(id));
  return (
    <QueryView query={query} rows={4}>
      {(incident) => (
        <>
          <Headline incident={incident} size="small" />
          <p>
            <TextLink href={PAGES.incident(id)}>{t('panel.open', 'Open the incident')}</TextLink>
          </p>
          <CauseView cause={incident.diagnosis.causes[0]} />
        </>
      )}
    </QueryView>
  );
}

function CauseOf({ model }: { model: string }) {
  const query = useQuery(modelQuery(model));
  return (
    <QueryView query={query} rows={4}>
      {({ incident_id }) =>
        incident_id === null ? (
          <p>{t('panel.well', '{{model}} has no open incident.', { model })}</p>
        ) : (
          <Open incident={incident_id} />
        )
      }
    </QueryView>
  );
}

/** Every open incident, one line each. */
function EveryCause() {
  const query = useQuery(fleetQuery());
  return (
    <QueryView query={query} rows={4}>
      {(models) => {
        const open = models.flatMap(({ id, name, incident_id }) =>
          incident_id === null ? [] : [{ id, name, incident_id }]
        );
        return open.length === 0 ? (
          <p>{t('panel.all-well', 'No model has an open incident.')}</p>
        ) : (
          <ul style={{ listStyle: 'none' }}>
            {open.map(({ id, name, incident_id }) => (
              <li key={id}>
                <TextLink href={PAGES.incident(incident_id)}>{name}</TextLink>
              </li>
            ))}
          </ul>
        );
      }}
    </QueryView>
  );
}

/** Current cause and evidence of the dashboard's model. */
export function RootCausePanel(props: PanelProps<ModelOptions>) {
  const choice = chosenModel(props);
  return (
    <div
      style={{ width: props.width, height: props.height, overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={t('panel.cause', 'Root cause')}
    >
      <Queries>
        {choice.kind === 'none' && <p>{choice.why}</p>}
        {choice.kind === 'every' && <EveryCause />}
        {choice.kind === 'one' && <CauseOf model={choice.model} />}
      </Queries>
    </div>
  );
}
