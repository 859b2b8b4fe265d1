import React from 'react';
import { render, screen } from '@testing-library/react';
import { MemoryRouter, Route, Routes } from 'react-router-dom';
import { of, throwError } from 'rxjs';
import { aRecommendation, anIncident } from '../test-data';
import IncidentPage from './IncidentPage';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
  PluginPage: ({ children }: { children: React.ReactNode }) => <main>{children}</main>,
}));
jest.mock('@grafana/ui', () => ({ ...jest.requireActual('@grafana/ui'), TextLink: ({ children, href }: { children: React.ReactNode; href: string }) => <a href={href}>{children}</a> }));

const show = () => render(<MemoryRouter initialEntries={['/incidents/inc-1']}><Routes><Route path="/incidents/:id" element={<IncidentPage />} /></Routes></MemoryRouter>);

it('tells what happened, why, for whom, and what to do; what was withdrawn is folded in', async () => {
  fetchMock.mockImplementation(({ url }: { url: string }) =>
    of({ data: url.includes('similar') ? { similar: [] } : url.includes('recommendations') ? { recommendations: [aRecommendation(), aRecommendation({ id: 'r2', title: 'Old advice', state: 'withdrawn' })] } : url.includes('whoami') ? { kind: 'user', subject: 'x', decides: ['fix-pipeline'], problem: null } : anIncident() })
  );
  show();
  expect(await screen.findByText('Unit or scale change in `income`')).toBeInTheDocument();
  for (const text of ['Values are 100 times larger.', 'Errors did not rise.', 'Only one feature moved.', 'country = DE', 'A quarter is not explained.', 'unexplained', '-0.189 … -0.111', '`income` looks multiplied by 100 since 14:05 (R² 0.998 over matched quantiles).', 'Found by experiment: the live model was asked with each feature put back to what it was.']) {
    expect(screen.getByText(text)).toBeInTheDocument();
  }
  expect(await screen.findByText('Withdrawn or expired (1)')).toBeInTheDocument();
});

it('does not let a share that was not tested on the model look like one that was', async () => {
  const { diagnosis } = anIncident();
  const attributions = [{ feature: 'income', value: -0.15, standardError: null, method: 'segment-contrast' }];
  fetchMock.mockImplementation(({ url }: { url: string }) =>
    of({ data: url.includes('similar') ? { similar: [] } : url.includes('recommendations') ? { recommendations: [] } : url.includes('whoami') ? { kind: 'user', subject: 'x', decides: [], problem: null } : anIncident({ diagnosis: { ...diagnosis, attributions } }) })
  );
  show();
  expect(await screen.findByText('The model was not asked. Read off the answers alone: a correlation, not a proof.')).toBeInTheDocument();
});

it('says that there is no such incident', async () => {
  fetchMock.mockReturnValue(throwError(() => ({ status: 404, data: { error: { message: 'there is no incident inc-1' } } })));
  show();
  expect(await screen.findByText('there is no incident inc-1')).toBeInTheDocument();
});
