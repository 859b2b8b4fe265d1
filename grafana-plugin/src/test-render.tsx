import React from 'react';
import { render, type RenderResult } from '@testing-library/react';
import { Queries } from './api/query';

/** Renders what asks the exporter. */
export const renderAsking = (children: React.ReactElement): RenderResult => render(children, { wrapper: Queries });

/** What was sent by `fetch` of Grafana's back-end service and changes something. */
export const sentBy = (fetchMock: jest.Mock) =>
  fetchMock.mock.calls
    .map(([request]) => request)
    .filter(({ method }) => method !== 'GET')
    .map(({ method, url, data }) => ({ method, url: url.replace(/.*\/api\/v1\//, ''), data }));
