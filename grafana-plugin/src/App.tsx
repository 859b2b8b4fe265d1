import React from 'react';
import { Route, Routes } from 'react-router-dom';
import type { AppRootProps } from '@grafana/data';

const Fleet = React.lazy(() => import('./fleet/Fleet'));

function App(_: AppRootProps) {
  return (
    <Routes>
      <Route path="*" element={<Fleet />} />
    </Routes>
  );
}

export default App;
