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
  for (const text of ['Values are 100 times larger.', 'Errors did not rise.', 'Only one feature moved.', 'country = DE', 'A quarter is not explained.', 'unexplained', '-0.189 … -0.111']) {
    expect(screen.getByText(text)).toBeInTheDocument();
  }
  expect(await screen.findByText('Withdrawn or expired (1)')).toBeInTheDocument();
});

it('says that there is no such incident', async () => {
  fetchMock.mockReturnValue(throwError(() => ({ status: 404, data: { error: { message: 'there is no incident inc-1' } } })));
  show();
  expect(await screen.findByText('there is no incident inc-1')).toBeInTheDocument();
});
