import React, { Suspense, lazy } from 'react';
import { AppPlugin, type AppRootProps } from '@grafana/data';
import { LoadingPlaceholder } from '@grafana/ui';
import { LINKS } from './extensions';
import type { ConfigurationProps, Settings } from './configuration/Configuration';

const LazyApp = lazy(() => import('./App'));
const LazyConfiguration = lazy(() => import('./configuration/Configuration'));

const App = (props: AppRootProps<Settings>) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazyApp {...props} />
  </Suspense>
);

const Configuration = (props: ConfigurationProps) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazyConfiguration {...props} />
  </Suspense>
);

export const plugin = new AppPlugin<Settings>().setRootPage(App).addConfigPage({
  title: 'Configuration',
  icon: 'cog',
  body: Configuration,
  id: 'configuration',
});

for (const link of LINKS) {
  plugin.addLink(link);
}
