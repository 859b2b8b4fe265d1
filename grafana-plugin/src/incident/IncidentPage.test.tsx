import React from 'react';
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { config } from '@grafana/runtime';
import { MemoryRouter, Route, Routes } from 'react-router-dom';
import { of, throwError } from 'rxjs';
import { aModelDetail, aRecommendation, anIncident } from '../test-data';
import { renderAsking } from '../test-render';
import IncidentPage from './IncidentPage';

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
  TextLink: ({ children, href }: { children: React.ReactNode; href: string }) => <a href={href}>{children}</a>,
}));

const show = () =>
  renderAsking(
    <MemoryRouter initialEntries={['/incidents/inc-1?from=1700000000000&to=1700003600000']}>
      <Routes>
        <Route path="/incidents/:id" element={<IncidentPage />} />
      </Routes>
    </MemoryRouter>
  );

const answers: Array<[part: string, answer: unknown]> = [
  [
    'feedback',
    {
      feedback: [
        {
          by: { subject: 'x', name: 'Vic' },
          useful: false,
          reason: 'a known release',
          at_ms: Date.now(),
          on_evidence: true,
        },
      ],
    },
  ],
  ['similar', { similar: [] }],
  [
    'recommendations',
    { recommendations: [aRecommendation(), aRecommendation({ id: 'r2', title: 'Old advice', state: 'withdrawn' })] },
  ],
  [
    'whoami',
    {
      kind: 'user',
      subject: 'x',
      votable_actions: ['fix-pipeline'],
      may_break_glass: false,
      problem: null,
      person: null,
    },
  ],
  ['kill-switch', { configured: false, on: true, reason: 'a bad day', by: 'Grace', at_ms: 1 }],
  ['aggregates', 'window_start,calls\r\n'],
  ['distributions', { signals: [] }],
  ['models', aModelDetail({ evidence: { ...aModelDetail().evidence, changed_at_ms: 1_700_000_000_000 } })],
];
const asked = () => fetchMock.mock.calls.map(([request]) => request);

function answer() {
  config.bootData = {
    ...config.bootData,
    user: { ...config.bootData?.user, orgRole: 'Editor' },
  } as typeof config.bootData;
  fetchMock.mockImplementation(({ url }: { url: string }) =>
    of({ data: answers.find(([part]) => url.includes(part))?.[1] ?? anIncident() })
  );
}
beforeEach(() => fetchMock.mockReset());

it('tells in one line what broke, and since when; what it costs; and the one thing to do', async () => {
  answer();
  show();
  const headline = await screen.findByTestId('mlfi-headline');
  expect(headline).toHaveTextContent(/^fraud: Unit or scale change in income, since .* \(.*\)$/);
  expect((headline.textContent ?? '').length).toBeLessThanOrEqual(90);
  expect(screen.getByTestId('mlfi-cost')).toHaveTextContent(
    'About 12 more of 100 answers are wrong (9 to 15; measured)'
  );
  const todo = within(screen.getByRole('region', { name: 'What to do first' }));
  expect((await todo.findAllByText('Divide by 100'))[0]).toBeVisible();
  expect(todo.getAllByRole('button', { name: 'Approve' })).toHaveLength(1);
  expect(todo.getByText('Withdrawn or expired (1)')).toBeInTheDocument();
});

it('tells of a closed incident what it cost at its worst, and in a few sentences what it was', async () => {
  answer();
  const { diagnosis, explanation } = anIncident();
  const impact = { harm: 'wrong-answer' as const, basis: 'golden' as const, sentence: '40 % are wrong.', share: 0.4 };
  const closed = anIncident({
    closed_at_ms: Date.now(),
    diagnosis: { ...diagnosis, impact: null, severity_reason: 'No sign so far that users are affected.' },
    explanation: { ...explanation, summary: 'At its worst, at 04:15 UTC, it was 40 %.' },
    worst_impact: { ...impact, at_ms: 1, interval: { low: 0.05, high: 0.85, level: 0.95 } },
  });
  const rest = fetchMock.getMockImplementation();
  fetchMock.mockImplementation((request: { url: string }) =>
    request.url.includes('/incidents/inc-1') && !request.url.includes('similar')
      ? of({ data: closed })
      : rest?.(request)
  );
  show();
  const cost = await screen.findByTestId('mlfi-cost');
  expect(cost).toHaveTextContent(
    'At its worst: about 40 more of 100 answers were wrong (5 to 85; estimated from golden inputs)'
  );
  expect(cost).toHaveTextContent('At its worst, at 04:15 UTC, it was 40 %.');
  expect(cost).not.toHaveTextContent('No sign so far');
});

it.each([['model-changed' as const], ['segment-outage' as const]])(
  'keeps the parts of the picture of %s together, beside the figure over time',
  async (id) => {
    const { diagnosis } = anIncident();
    const causes = diagnosis.causes.map((cause, index) => (index === 0 ? { ...cause, id } : cause));
    answer();
    const rest = fetchMock.getMockImplementation();
    fetchMock.mockImplementation((request: { url: string }) =>
      request.url.includes('/incidents/inc-1') && !request.url.includes('similar')
        ? of({ data: anIncident({ diagnosis: { ...diagnosis, causes } }) })
        : rest?.(request)
    );
    show();
    const title = id === 'model-changed' ? 'Same questions asked again' : 'Where it happens';
    expect(await within(await screen.findByTestId('mlfi-picture')).findByText(title)).toBeInTheDocument();
    expect(screen.getByTestId('mlfi-picture').lastElementChild).toHaveTextContent(
      id === 'model-changed' ? `${title}another answer: 0` : `${title}country = DE`
    );
  }
);

it('tells why, what else was considered, for whom, and what is not known; no backtick is left', async () => {
  answer();
  show();
  const why = await screen.findByRole('region', { name: 'Why' });
  for (const text of ['Unit or scale change in income', 'Values are 100 times larger.', 'Only one feature moved.']) {
    expect(why).toHaveTextContent(text);
  }
  for (const text of ['country = DE', 'A quarter is not explained.', 'unexplained', '-0.189 … -0.111']) {
    expect(screen.getByText(text)).toBeInTheDocument();
  }
  expect(
    screen.getByText('Found by experiment: the live model was asked with each feature put back to what it was.')
  ).toBeInTheDocument();
  expect(await screen.findByText(/Grace stopped them: a bad day/)).toBeInTheDocument();
  const story = within(screen.getByRole('list', { name: 'From change to recovery' })).getAllByRole('listitem');
  expect(story.map(({ textContent }) => textContent?.slice(0, 6))).toEqual([
    '1 Chan',
    '2 Firs',
    '3 Aler',
    '4 Deci',
    '5 Reco',
  ]);
  expect(
    screen.getByRole('group', { name: 'Waterfall: input mix −0.15, unexplained −0.05, whole change −0.2' })
  ).toBeInTheDocument();
  expect(screen.getByRole('group', { name: 'Attribution: income −0.15' })).toBeInTheDocument();
  expect(document.body.textContent).not.toContain('`');
});

it('asks for the figures of the time range in its address, and carries it on', async () => {
  answer();
  show();
  expect(await screen.findByRole('link', { name: 'Model' })).toHaveAttribute(
    'href',
    '/a/mlfi-investigator-app/models/fraud?from=1700000000000&to=1700003600000'
  );
  expect(asked().map(({ url }) => url)).toContain(
    '/api/plugin-proxy/mlfi-investigator-app/api/v1/models/fraud/aggregates.csv?from_ms=1700000000000&to_ms=1700003600000'
  );
  expect(screen.getByRole('link', { name: 'Dashboard' })).toHaveAttribute(
    'href',
    '/d/mlfi-model?var-model_name=fraud&from=1700000000000&to=1700003600000'
  );
});

it('asks whether the alert was useful, and shows what others said', async () => {
  answer();
  show();
  expect(await screen.findByText(/Vic, .*: Not useful – a known release/)).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Not useful' }));
  await userEvent.type(within(screen.getByRole('dialog')).getByLabelText('Why'), 'expected by all');
  await userEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(asked().filter(({ method }) => method === 'POST')).toMatchObject([
    {
      url: expect.stringContaining('/feedback'),
      data: { incident_id: 'inc-1', useful: false, reason: 'expected by all' },
    },
  ]);
});

it('accepts the new normal from where it was seen, with a reason', async () => {
  answer();
  show();
  await userEvent.click(await screen.findByRole('button', { name: 'This is the new normal' }));
  await userEvent.type(within(screen.getByRole('dialog')).getByLabelText('Why'), 'a wanted release');
  await userEvent.click(screen.getByRole('button', { name: 'Accept' }));
  expect(asked().filter(({ method }) => method === 'POST')).toMatchObject([
    { url: expect.stringContaining('/models/fraud/baseline/accept'), data: { reason: 'a wanted release' } },
  ]);
});

it('does not let a share that was not tested on the model look like one that was', async () => {
  const { diagnosis } = anIncident();
  const attributions = [{ feature: 'income', value: -0.15, standard_error: null, method: 'segment-contrast' }];
  answer();
  const rest = fetchMock.getMockImplementation();
  fetchMock.mockImplementation((request: { url: string }) =>
    request.url.includes('/incidents/inc-1') && !request.url.includes('similar')
      ? of({ data: anIncident({ diagnosis: { ...diagnosis, attributions } }) })
      : rest?.(request)
  );
  show();
  expect(
    await screen.findByText('The model was not asked. Read off the answers alone: a correlation, not a proof.')
  ).toBeInTheDocument();
});

it('tells which other models have the same fault upstream, and leads to them', async () => {
  const member = (model: string) => ({ model_id: model, incident_id: `of-${model}`, severity: 'high', since_ms: 1 });
  const story = {
    id: 'of-churn',
    headline: '14 models at scoring.internal do not answer since 2026-11-30 10:04 UTC.',
    since_ms: 1,
    shared: [{ kind: 'address', name: 'scoring.internal' }],
    models: 14,
    members: [member('churn'), { ...member('fraud'), incident_id: 'inc-1' }, member('credit')],
  };
  answer();
  const rest = fetchMock.getMockImplementation();
  fetchMock.mockImplementation((request: { url: string }) =>
    request.url.includes('/incidents/inc-1') && !request.url.includes('similar')
      ? of({ data: anIncident({ story } as object) })
      : rest?.(request)
  );
  show();
  expect(await screen.findByText('One of 14 with the same start at the same host, scoring.internal')).toBeVisible();
  const others = within(screen.getByRole('list', { name: 'The others' }));
  expect(others.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
    'churn',
    'credit',
    'and 11 more',
  ]);
  expect(others.getByRole('link', { name: 'churn' })).toHaveAttribute(
    'href',
    '/a/mlfi-investigator-app/incidents/of-churn'
  );
});

it('says that there is no such incident', async () => {
  fetchMock.mockReturnValue(
    throwError(() => ({ status: 404, data: { error: { message: 'there is no incident inc-1' } } }))
  );
  show();
  expect(await screen.findByText('there is no incident inc-1')).toBeInTheDocument();
});
