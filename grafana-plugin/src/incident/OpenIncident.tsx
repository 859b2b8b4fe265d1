import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { Navigate, useLocation, useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { newestIncidentQuery } from '../api/incidents';
import { modelQuery } from '../api/models';
import { DetailPage } from '../components/Page';
import { QueryView } from '../components/States';
import { PAGES } from '../constants';

/** Where alerts lead that know their model only: on to its open incident, or the newest one, or the model itself. */
function OpenIncident() {
  const { id = '' } = useParams();
  const { search } = useLocation();
  const model = useQuery(modelQuery(id));
  const newest = useQuery({ ...newestIncidentQuery(id), enabled: model.data?.incident_id === null });
  const open = model.data?.incident_id ?? newest.data?.id;
  if (open !== undefined) {
    return <Navigate to={`${PAGES.incident(open)}${search}`} replace />;
  }
  if (newest.data === null) {
    return <Navigate to={`${PAGES.model(id)}${search}`} replace />;
  }
  return (
    <DetailPage title={t('incident.of', 'Incident of {{model}}', { model: id })}>
      <QueryView query={model}>{() => <QueryView query={newest}>{() => null}</QueryView>}</QueryView>
    </DetailPage>
  );
}

export default OpenIncident;
