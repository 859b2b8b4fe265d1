import React from 'react';
import { render, screen } from '@testing-library/react';
import { locationUtil, type GrafanaConfig } from '@grafana/data';
import { PageButton } from './PageButton';

const served = (appSubUrl: string) =>
  locationUtil.initialize({
    config: { appSubUrl } as GrafanaConfig,
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({ from: 'now-1h', to: 'now' }),
  });

it.each([
  ['', '/d/mlfi-model'],
  ['/grafana', '/grafana/d/mlfi-model'],
])('holds the sub-path "%s" of Grafana, once', (subPath, address) => {
  served(subPath);
  const { rerender } = render(<PageButton href="/d/mlfi-model">Dashboard</PageButton>);
  expect(screen.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('href', address);
  rerender(<PageButton href={address}>Dashboard</PageButton>);
  expect(screen.getByRole('link', { name: 'Dashboard' })).toHaveAttribute('href', address);
});
