import React, { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router-dom';
import type { AppRootProps } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { Queries } from './api/query';
import { Skeleton } from './components/States';
import { PAGES, PLUGIN_ID } from './constants';

const Fleet = lazy(() => import('./fleet/Fleet'));
const Connect = lazy(() => import('./connect/Connect'));
const ModelPage = lazy(() => import('./model/ModelPage'));
const OpenIncident = lazy(() => import('./incident/OpenIncident'));
const IncidentPage = lazy(() => import('./incident/IncidentPage'));
const Approvals = lazy(() => import('./approvals/Approvals'));
const Audit = lazy(() => import('./audit/Audit'));

void initPluginTranslations(PLUGIN_ID);

function App(_: AppRootProps) {
  return (
    <Queries>
      <Suspense fallback={<Skeleton />}>
        <Routes>
          <Route path="fleet" element={<Fleet />} />
          <Route path="connect" element={<Connect />} />
          <Route path="models/:id" element={<ModelPage />} />
          <Route path="models/:id/incident" element={<OpenIncident />} />
          <Route path="incidents/:id" element={<IncidentPage />} />
          <Route path="approvals" element={<Approvals />} />
          <Route path="audit" element={<Audit />} />
          <Route path="*" element={<Navigate to={PAGES.fleet} replace />} />
        </Routes>
      </Suspense>
    </Queries>
  );
}

export default App;
