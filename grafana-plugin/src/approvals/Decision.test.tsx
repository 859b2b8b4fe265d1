import React from 'react';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, throwError } from 'rxjs';
import type { Rights } from '../components/useRights';
import { aRecommendation } from '../test-data';
import { Decision } from './Decision';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({ ...jest.requireActual('@grafana/runtime'), getBackendSrv: () => ({ fetch: fetchMock }) }));

const ada: Rights = { subject: 'grafana:user:12', operateRefusal: null, decideRefusal: () => null };
const viewer: Rights = { subject: 'grafana:user:14', operateRefusal: 'no', decideRefusal: () => 'Deciding needs the Editor role in Grafana; yours is Viewer.' };
const approve = () => screen.getByRole('button', { name: 'Approve' });
beforeEach(() => fetchMock.mockReset());

describe('Decision', () => {
  it('votes for exactly the digest that is shown, with the reason', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    const decided = jest.fn();
    render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={decided} />);
    expect(approve()).toBeDisabled();
    await userEvent.type(screen.getByLabelText('Reason'), 'seen it before');
    await userEvent.click(approve());
    await waitFor(() => expect(decided).toHaveBeenCalled());
    expect(fetchMock.mock.calls[0][0]).toMatchObject({ method: 'POST', url: '/api/plugin-proxy/mlfi-investigator-app/api/v1/votes', data: { recommendation_id: 'rec-1', digest: 'a'.repeat(64), verdict: 'approve', reason: 'seen it before' } });
  });

  it('tells a viewer why the buttons do nothing', () => {
    render(<Decision recommendation={aRecommendation()} rights={viewer} onDecided={jest.fn()} />);
    expect(approve()).toBeDisabled();
    expect(screen.getByText(/needs the Editor role/)).toBeInTheDocument();
  });

  it('does not let a person vote twice, and lets them take the approval back', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    const votes = [{ verdict: 'approve' as const, reason: 'yes', by: { kind: 'user' as const, subject: 'grafana:user:12', name: 'Ada' }, atMs: Date.now() }];
    render(<Decision recommendation={aRecommendation({ votes })} rights={ada} onDecided={jest.fn()} />);
    expect(screen.getByText('1 of 2 approvals')).toBeInTheDocument();
    expect(screen.getByText('You have voted; another person has to.')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Take my approval back' }));
    expect(fetchMock.mock.calls[0][0]).toMatchObject({ url: expect.stringContaining('/revocations') });
  });

  it('says that somebody was faster', async () => {
    fetchMock.mockReturnValue(throwError(() => ({ status: 409, data: { error: { code: 'conflict', message: 'it was rejected a moment ago' } } })));
    render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    await userEvent.type(screen.getByLabelText('Reason'), 'now');
    await userEvent.click(approve());
    expect(await screen.findByText('Somebody was faster')).toBeInTheDocument();
    expect(screen.getByText('it was rejected a moment ago')).toBeInTheDocument();
  });

  it('stops the vote when the plan changes under the reader, until the new plan was read', async () => {
    const { rerender } = render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    await userEvent.type(screen.getByLabelText('Reason'), 'now');
    rerender(<Decision recommendation={aRecommendation({ digest: 'b'.repeat(64) })} rights={ada} onDecided={jest.fn()} />);
    expect(approve()).toBeDisabled();
    await userEvent.click(screen.getByRole('button', { name: 'I have read the new plan' }));
    expect(approve()).toBeEnabled();
  });
});
