import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, throwError } from 'rxjs';
import Fleet from './Fleet';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
  PluginPage: ({ children }: { children: React.ReactNode }) => <main>{children}</main>,
}));

const model = {
  id: 'fraud',
  name: 'fraud',
  state: 'failing',
  severity: 'high',
  confidence_mean: 0.412,
  error_share: 0.031,
  latency_p50_seconds: null,
  total_samples: 1234,
  headline: '`income` looks multiplied by 100',
};

describe('Fleet', () => {
  it('shows each model with its state, its trouble and its figures', async () => {
    fetchMock.mockReturnValue(of({ data: { models: [model] } }));
    render(<Fleet />);
    expect(await screen.findByText('fraud')).toBeInTheDocument();
    expect(screen.getByText('failing')).toBeInTheDocument();
    expect(screen.getByText('`income` looks multiplied by 100')).toBeInTheDocument();
    expect(screen.getByText('0.41')).toBeInTheDocument();
    expect(screen.getByText('3.1 %')).toBeInTheDocument();
  });

  it('says what to do when no model is watched', async () => {
    fetchMock.mockReturnValue(of({ data: { models: [] } }));
    render(<Fleet />);
    expect(await screen.findByText('No model is watched yet')).toBeInTheDocument();
  });

  it('names the failure and tries again on request', async () => {
    fetchMock.mockReturnValueOnce(throwError(() => ({ data: { message: 'Bad Gateway' } })));
    render(<Fleet />);
    expect(await screen.findByText('Bad Gateway')).toBeInTheDocument();
    fetchMock.mockReturnValue(of({ data: { models: [model] } }));
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('fraud')).toBeInTheDocument();
  });
});
