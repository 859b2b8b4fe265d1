import React from 'react';
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of } from 'rxjs';
import type { Validation } from '../api/types';
import { aBaseline, aGoldenInput, aModelDetail } from '../test-data';
import { acceptRefusal, BaselineActions } from './BaselineActions';
import { Candidates } from './Candidates';
import { Golden } from './Golden';
import { Patterns } from './Patterns';
import { renderAsking, sentBy } from '../test-render';
import { DeleteModel } from './DeleteModel';
import { farthestFirst } from './Drift';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));
const posted = () =>
  fetchMock.mock.calls
    .map(([request]) => request)
    .filter(({ method }) => method === 'POST')
    .map(({ url, data }) => ({ url: url.replace(/.*\/api\/v1\//, ''), data }));
beforeEach(() => fetchMock.mockReset().mockReturnValue(of({ data: {} })));

describe('what counts as normal', () => {
  it('can be accepted only when something changed, there is a baseline, and one may', () => {
    const changed = aModelDetail({ evidence: { ...aModelDetail().evidence, changed_at_ms: 1 } });
    expect(acceptRefusal(changed, null)).toBeNull();
    expect(acceptRefusal(changed, 'Needs the Editor role')).toBe('Needs the Editor role');
    expect(acceptRefusal(aModelDetail(), null)).toMatch(/Nothing has been shown to have changed/);
    expect(acceptRefusal({ ...changed, baseline: aBaseline({ state: 'learning' }) }, null)).toMatch(/no baseline yet/);
  });

  it('pauses, freezes, and learns anew with a reason; a viewer is told why not', async () => {
    const { rerender } = renderAsking(<BaselineActions model={aModelDetail()} operateRefusal={null} />);
    await userEvent.click(screen.getByRole('button', { name: 'Pause' }));
    await userEvent.click(screen.getByRole('button', { name: 'Freeze baseline' }));
    await userEvent.click(screen.getByRole('button', { name: 'Learn a new baseline' }));
    await userEvent.type(screen.getByLabelText('Why'), 'a new season');
    await userEvent.click(screen.getByRole('button', { name: 'Learn again' }));
    expect(posted()).toEqual([
      { url: 'models/fraud/pause', data: undefined },
      { url: 'models/fraud/baseline/freeze', data: { frozen: true } },
      { url: 'models/fraud/baseline/reset', data: { reason: 'a new season' } },
    ]);
    rerender(<BaselineActions model={aModelDetail({ state: 'paused' })} operateRefusal="Needs the Editor role" />);
    expect(screen.getByRole('button', { name: 'Start' })).toHaveAttribute('aria-disabled', 'true');
  });
});

describe('golden inputs', () => {
  it('say that the model changed, and how far each answer moved', () => {
    render(
      <Golden
        inputs={[
          aGoldenInput(),
          aGoldenInput({
            id: 'user-1',
            origin: 'user',
            input: '{"age":41}',
            verdict: 'answer-changed',
            confidence_now: 0.6,
          }),
        ]}
      />
    );
    expect(
      screen.getByText(/1 of 2 compared are answered differently: the model or its serving changed/)
    ).toBeInTheDocument();
    const [, , moved] = screen.getAllByRole('row');
    expect(within(moved).getByText('another answer')).toBeInTheDocument();
    expect(within(moved).getByText('−0.3')).toBeInTheDocument();
    expect(within(moved).getByText('{"age":41}')).toBeInTheDocument();
  });
  it('clear the model when every answer is as before, and say when nothing could be compared', () => {
    const { rerender } = render(<Golden inputs={[aGoldenInput()]} />);
    expect(screen.getByText(/comes from the data, not from the model/)).toBeInTheDocument();
    rerender(<Golden inputs={[aGoldenInput({ verdict: 'unanswered' })]} />);
    expect(screen.getByText(/cannot be told/)).toBeInTheDocument();
  });
});

it('tells what keeps coming back, when, and what would end it for good', () => {
  const pattern = {
    model_id: 'fraud',
    cause: 'null-flood' as const,
    features: ['income'],
    incidents: 4,
    first_at_ms: 1,
    last_at_ms: Date.now(),
    every_ms: 604_800_000,
    hours: { weekday: 1, from_hour: 2, to_hour: 4, incidents: 4, p_value: 0.001 },
    recommendation: { action: 'fix-pipeline' as const, title: 'Mend the nightly job', why: 'It empties the column.' },
  };
  const { rerender } = render(<Patterns patterns={[pattern]} />);
  const row = screen.getAllByRole('row')[1];
  for (const text of ['Null flood', 'income', '4', '7 d', 'Monday 02:00–04:00 UTC', 'Mend the nightly job']) {
    expect(within(row).getByText(text)).toBeInTheDocument();
  }
  rerender(<Patterns patterns={[]} />);
  expect(screen.queryByRole('table')).not.toBeInTheDocument();
});

describe('candidates', () => {
  const failed: Validation = {
    id: 'v',
    model_id: 'fraud',
    candidate_url: 'http://models/v8',
    purpose: 'replace',
    state: 'finished',
    started_at_ms: 1,
    finished_at_ms: 2,
    current_version: '7',
    candidate_version: '8',
    calls: 400,
    verdict: 'fail',
    reasons: ['It is wrong more often.'],
    criteria: [{ name: 'accuracy', verdict: 'fail', text: '−4 points' }],
    comparison: null,
    requested_by: 'Ada',
  };
  it('are tried for a purpose, and their verdict is shown with its reasons', async () => {
    fetchMock.mockImplementation(({ method }: { method: string }) =>
      of({ data: method === 'GET' ? { validations: [failed] } : failed })
    );
    renderAsking(<Candidates modelId="fraud" operateRefusal={null} />);
    expect(await screen.findByText(/It is wrong more often/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Try it' })).toHaveAttribute('aria-disabled', 'true');
    await userEvent.type(screen.getByLabelText('Address of the candidate'), 'http://models/v9');
    await userEvent.click(screen.getByLabelText('answer as before the failure'));
    await userEvent.click(screen.getByRole('button', { name: 'Try it' }));
    expect(posted()).toEqual([
      { url: 'models/fraud/validations', data: { candidate_url: 'http://models/v9', purpose: 'restore' } },
    ]);
  });
  it('wait for the one that runs', async () => {
    fetchMock.mockReturnValue(of({ data: { validations: [{ ...failed, state: 'running', verdict: null }] } }));
    renderAsking(<Candidates modelId="fraud" operateRefusal={null} />);
    expect(await screen.findByText('being tried')).toBeInTheDocument();
    await userEvent.hover(screen.getByRole('button', { name: 'Try it' }));
    expect(await screen.findByText(/One at a time/)).toBeInTheDocument();
  });
});

it('puts first the features found to have changed, then those that moved farthest', () => {
  const counts = (cells: number[][]) => ({
    kind: 'numeric' as const,
    grid: { kind: 'unit' as const },
    cells,
    missing: 0,
    invalid: 0,
  });
  const signal = (name: string, now: number[][]) => ({
    signal: `feature:${name}`,
    bins: [10, 20],
    before: counts([
      [5, 5],
      [15, 5],
    ]),
    now: counts(now),
  });
  const signals = [
    signal('still', [
      [5, 5],
      [15, 5],
    ]),
    signal('far', [[25, 10]]),
    signal('found', [
      [5, 6],
      [15, 4],
    ]),
  ];
  const ordered = farthestFirst(signals, [{ subject: 'feature:found' }]);
  expect(ordered.map(({ distribution, distance }) => [distribution.signal, Number(distance.toFixed(2))])).toEqual([
    ['feature:found', 0.1],
    ['feature:far', 1],
    ['feature:still', 0],
  ]);
});

describe('deleting a model', () => {
  it('needs its id typed, tells what is lost, and is for admins', async () => {
    const { rerender } = renderAsking(<DeleteModel id="fraud" refusal={null} />);
    await userEvent.click(screen.getByRole('button', { name: 'Delete' }));
    const dialog = within(screen.getByRole('dialog'));
    expect(dialog.getByText(/cannot be restored/)).toBeInTheDocument();
    expect(dialog.getByRole('button', { name: 'Delete for good' })).toBeDisabled();
    await userEvent.type(dialog.getByLabelText('Id of the model'), 'fraud');
    await userEvent.click(dialog.getByRole('button', { name: 'Delete for good' }));
    expect(sentBy(fetchMock)).toEqual([{ method: 'DELETE', url: 'models/fraud', data: undefined }]);
    rerender(<DeleteModel id="fraud" refusal="Needs the Admin role" />);
    expect(screen.getByRole('button', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true');
  });
});
