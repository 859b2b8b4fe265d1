import React from 'react';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of } from 'rxjs';
import type { Recommendation } from '../api/types';
import type { Rights } from '../components/useRights';
import { aRecommendation } from '../test-data';
import { renderAsking, sentBy } from '../test-render';
import { ranked } from './actions';
import { riskText } from '../approvals/Decision';
import { Todo } from './Todo';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));
const ada: Rights = {
  subject: 'grafana:user:12',
  operateRefusal: null,
  decideRefusal: () => null,
  adminRefusal: null,
  breaksGlass: false,
};
const advice = (overrides: Partial<Recommendation> = {}) =>
  aRecommendation({ plan: null, action: 'investigate', title: 'Find where the time goes', ...overrides });
beforeEach(() => fetchMock.mockReset());

it('asks for no approval: advice is done, or not needed', async () => {
  fetchMock.mockReturnValue(of({ data: advice({ state: 'approved' }) }));
  renderAsking(<Todo recommendation={advice()} rights={ada} />);
  expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Done' }));
  const dialog = within(screen.getByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('What was done'), 'the disk was full');
  await userEvent.click(dialog.getByRole('button', { name: 'Done' }));
  await waitFor(() => expect(sentBy(fetchMock).map(({ url }) => url)).toEqual(['votes', 'outcomes']));
  expect(sentBy(fetchMock)[1].data).toEqual({
    recommendation_id: 'rec-1',
    outcome: 'succeeded',
    reason: 'the disk was full',
  });
});

it('reports no outcome while others still have to sign for it', async () => {
  fetchMock.mockReturnValue(of({ data: advice({ state: 'pending' }) }));
  renderAsking(<Todo recommendation={advice()} rights={ada} />);
  await userEvent.click(screen.getByRole('button', { name: 'Done' }));
  const dialog = within(screen.getByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('What was done'), 'the disk was full');
  await userEvent.click(dialog.getByRole('button', { name: 'Done' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  expect(sentBy(fetchMock).map(({ url }) => url)).toEqual(['votes']);
});

it('is withdrawn when it is not needed', async () => {
  fetchMock.mockReturnValue(of({ data: advice({ state: 'withdrawn' }) }));
  renderAsking(<Todo recommendation={advice()} rights={ada} />);
  await userEvent.click(screen.getByRole('button', { name: 'Not needed' }));
  const dialog = within(screen.getByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('Why'), 'known');
  await userEvent.click(dialog.getByRole('button', { name: 'Not needed' }));
  expect(sentBy(fetchMock)).toEqual([
    { method: 'POST', url: 'withdrawals', data: { recommendation_id: 'rec-1', reason: 'known' } },
  ]);
});

it('tells the risk once', () => {
  expect(riskText('None: nothing is changed.')).toBe('Nothing is changed.');
  expect(riskText('Calls in flight are lost.')).toBe('Calls in flight are lost.');
});

describe('the order of actions', () => {
  const ids = (all: Recommendation[]) => ranked(all).current.map(({ id }) => id);
  it('has first what is under way, then what matters most, then what mlfi can do itself', () => {
    expect(
      ids([
        advice({ id: 'low', priority: 'LOW' }),
        advice({ id: 'advice', priority: 'HIGH' }),
        aRecommendation({ id: 'executable', priority: 'HIGH' }),
        aRecommendation({ id: 'running', priority: 'LOW', state: 'dispatching' }),
        aRecommendation({ id: 'rejected', priority: 'CRITICAL', state: 'rejected' }),
      ])
    ).toEqual(['running', 'executable', 'advice', 'low']);
  });
  it('keeps apart what ended by itself, and leaves out the advice to do nothing', () => {
    const { current, refused, over } = ranked([
      aRecommendation({ id: 'no', state: 'revoked' }),
      advice({ id: 'none', action: 'none' }),
      aRecommendation({ id: 'gone', state: 'withdrawn' }),
    ]);
    expect([current, refused.map(({ id }) => id), over.map(({ id }) => id)]).toEqual([[], ['no'], ['gone']]);
  });
});
