import React from 'react';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router-dom';
import { of, throwError } from 'rxjs';
import { aModel } from '../test-data';
import { renderAsking } from '../test-render';
import Fleet from './Fleet';
import { measureOf, trailOf } from './trail';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
  PluginPage: ({ children, actions }: { children: React.ReactNode; actions: React.ReactNode }) => (
    <main>
      {actions}
      {children}
    </main>
  ),
}));
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  Sparkline: () => null,
  TextLink: ({ children, href }: { children: React.ReactNode; href: string }) => <a href={href}>{children}</a>,
}));

const show = () =>
  renderAsking(
    <MemoryRouter>
      <Fleet />
    </MemoryRouter>
  );
beforeEach(() => fetchMock.mockReset());

describe('Fleet', () => {
  it('shows each model in one line with its state, what is wrong, and when it was seen', async () => {
    fetchMock.mockReturnValue(of({ data: { models: [aModel()] } }));
    show();
    expect(await screen.findByRole('link', { name: 'fraud' })).toHaveAttribute(
      'href',
      '/a/mlfi-investigator-app/models/fraud'
    );
    expect(screen.getByRole('link', { name: 'income looks multiplied by 100' })).toHaveAttribute(
      'href',
      '/a/mlfi-investigator-app/incidents/inc-1'
    );
    for (const text of ['High', '10 min', '1,234', /^\d+ s ago$/]) {
      expect(screen.getByText(text)).toBeInTheDocument();
    }
    expect(screen.getAllByRole('columnheader').map(({ textContent }) => textContent)).toEqual([
      'Model',
      'State',
      'Duration',
      'What is wrong',
      'Trend',
      'Samples',
      'Last seen',
    ]);
  });

  it('shows models with one fault upstream as one line that unfolds', async () => {
    const hit = ['a', 'b', 'c'].map((id) =>
      aModel({ id, name: `model-${id}`, story_id: 's1', incident_id: `of-${id}` })
    );
    fetchMock.mockReturnValue(
      of({ data: { models: [...hit, aModel({ id: 'alone', name: 'alone', story_id: 's2' })] } })
    );
    show();
    const names = () =>
      screen.getAllByRole('link', { name: /^(model-.|alone)$/ }).map(({ textContent }) => textContent);
    const unfold = await screen.findByRole('button', { name: '3 models, one fault' });
    expect(names()).toEqual(['alone', 'model-a']);
    await userEvent.click(unfold);
    expect(names()).toEqual(['alone', 'model-a', 'model-b', 'model-c']);
    expect(screen.getByText('4 of 4 models')).toBeInTheDocument();
  });

  it('has no column of how long it lasts where nothing is wrong', async () => {
    fetchMock.mockReturnValue(of({ data: { models: [aModel({ incident_id: null, since_ms: null })] } }));
    show();
    await screen.findByRole('link', { name: 'fraud' });
    expect(screen.queryByRole('columnheader', { name: 'Duration' })).not.toBeInTheDocument();
  });

  it('draws the figure that shows what is wrong', () => {
    expect(measureOf(aModel({ cause: 'slow-endpoint' }))).toBe('latency');
    expect(measureOf(aModel({ cause: 'endpoint-errors' }))).toBe('failures');
    expect(measureOf(aModel({ confidence_mean: null, cause: null }))).toBe('failures');
    expect(measureOf(aModel())).toBe('confidence');
    const figure = { atMs: 1, confidence: 0.5, failures: null, latency: null };
    expect(trailOf([figure, { ...figure, confidence: null }], 'confidence')).toEqual([0.5]);
  });

  it('puts the worst first and finds by owner, state and tag', async () => {
    fetchMock.mockReturnValue(
      of({
        data: {
          models: [
            aModel({ id: 'a', name: 'a-well', severity: 'none', state: 'healthy', owner: 'search' }),
            aModel({ id: 'b', name: 'b-bad', severity: 'critical' }),
          ],
        },
      })
    );
    show();
    await screen.findByRole('link', { name: 'b-bad' });
    const rows = screen.getAllByRole('row').slice(1);
    expect(within(rows[0]).getByText('b-bad')).toBeInTheDocument();
    await userEvent.type(screen.getByPlaceholderText('Search models'), 'healthy search');
    expect(screen.queryByText('b-bad')).not.toBeInTheDocument();
    expect(screen.getByText('1 of 2 models')).toBeInTheDocument();
  });

  it('says what to do when no model is watched', async () => {
    fetchMock.mockReturnValue(of({ data: { models: [] } }));
    show();
    expect(await screen.findByText('No model is watched yet')).toBeInTheDocument();
    expect(screen.getAllByRole('link', { name: 'Connect a model' })[0]).toHaveAttribute(
      'href',
      '/a/mlfi-investigator-app/connect'
    );
  });

  it('names the failure and tries again on request', async () => {
    fetchMock.mockReturnValueOnce(throwError(() => ({ status: 502, data: { message: 'Bad Gateway' } })));
    show();
    expect(await screen.findByText('The exporter cannot be reached')).toBeInTheDocument();
    fetchMock.mockReturnValue(of({ data: { models: [aModel()] } }));
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText('fraud')).toBeInTheDocument();
  });

  it('keeps the last answer with its age when the exporter goes away', async () => {
    fetchMock
      .mockReturnValueOnce(of({ data: { models: [aModel()] } }))
      .mockReturnValue(throwError(() => ({ status: 502 })));
    show();
    await screen.findByText('fraud');
    expect(await screen.findByText(/Not up to date/, undefined, { timeout: 10_000 })).toBeInTheDocument();
    expect(screen.getByText('fraud')).toBeInTheDocument();
  });
});
