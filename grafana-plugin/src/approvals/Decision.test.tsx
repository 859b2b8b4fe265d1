import React from 'react';
import { render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, throwError } from 'rxjs';
import type { Rights } from '../components/useRights';
import { aRecommendation } from '../test-data';
import { Decision } from './Decision';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));

const ada: Rights = {
  subject: 'grafana:user:12',
  operateRefusal: null,
  decideRefusal: () => null,
  adminRefusal: 'Needs the Admin role in Grafana; yours is Editor.',
  breaksGlass: true,
};
const viewer: Rights = {
  subject: 'grafana:user:14',
  operateRefusal: 'no',
  decideRefusal: () => 'Deciding needs the Editor role in Grafana; yours is Viewer.',
  adminRefusal: 'no',
  breaksGlass: false,
};
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
    expect(fetchMock.mock.calls[0][0]).toMatchObject({
      method: 'POST',
      url: '/api/plugin-proxy/mlfi-investigator-app/api/v1/votes',
      data: { recommendation_id: 'rec-1', digest: 'a'.repeat(64), verdict: 'approve', reason: 'seen it before' },
    });
  });

  it('tells a viewer why the buttons do nothing', () => {
    render(<Decision recommendation={aRecommendation()} rights={viewer} onDecided={jest.fn()} />);
    expect(approve()).toBeDisabled();
    expect(screen.getByText(/needs the Editor role/)).toBeInTheDocument();
  });

  const approval = {
    verdict: 'approve' as const,
    reason: 'yes',
    by: { kind: 'user' as const, subject: 'grafana:user:12', name: 'Ada' },
    atMs: Date.now(),
  };
  const sent = () =>
    fetchMock.mock.calls.map(([{ method, url, data }]) => ({ method, url: url.replace(/.*\/api\/v1\//, ''), data }));
  const answer = async (field: string, text: string, button: string) => {
    await userEvent.type(within(screen.getByRole('dialog')).getByLabelText(field), text);
    await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: button }));
  };

  it('does not let a person approve twice, but lets them reject after all', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    render(<Decision recommendation={aRecommendation({ votes: [approval] })} rights={ada} onDecided={jest.fn()} />);
    expect(screen.getByText('1 of 2 approvals')).toBeInTheDocument();
    expect(screen.getByText('You have voted; another person has to.')).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText('Reason'), 'I was wrong');
    expect(approve()).toBeDisabled();
    await userEvent.click(screen.getByRole('button', { name: 'Reject' }));
    expect(sent()).toEqual([
      { method: 'POST', url: 'votes', data: expect.objectContaining({ verdict: 'reject', reason: 'I was wrong' }) },
    ]);
  });

  it('lets whoever proposed it not vote', () => {
    render(
      <Decision
        recommendation={aRecommendation({ proposed_by: { kind: 'user', subject: 'grafana:user:12', name: 'Ada' } })}
        rights={ada}
        onDecided={jest.fn()}
      />
    );
    expect(screen.getByText('You proposed this, so somebody else has to decide.')).toBeInTheDocument();
  });

  it('takes an approval back with a reason while nothing was sent', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    render(
      <Decision
        recommendation={aRecommendation({ state: 'approved', votes: [approval] })}
        rights={ada}
        onDecided={jest.fn()}
      />
    );
    await userEvent.click(screen.getByRole('button', { name: 'Take the approval back' }));
    await answer('Why', 'the wrong one', 'Take the approval back');
    expect(sent()).toEqual([
      { method: 'POST', url: 'revocations', data: { recommendation_id: 'rec-1', reason: 'the wrong one' } },
    ]);
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  it('withdraws what is pending; the dialog stays with its reason when the exporter refuses', async () => {
    fetchMock.mockReturnValue(
      throwError(() => ({
        status: 409,
        data: { error: { code: 'conflict', message: 'this recommendation is approved already' } },
      }))
    );
    render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    await userEvent.click(screen.getByRole('button', { name: 'Withdraw' }));
    expect(within(screen.getByRole('dialog')).getByRole('button', { name: 'Withdraw' })).toBeDisabled();
    await answer('Why', 'not now', 'Withdraw');
    expect(await screen.findByText('this recommendation is approved already')).toBeInTheDocument();
    expect(within(screen.getByRole('dialog')).getByLabelText('Why')).toHaveValue('not now');
  });

  it('hides deciding alone where the rules do not allow it, and asks for a long reason and a ticket where they do', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    const { rerender } = render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    expect(screen.queryByRole('button', { name: 'Decide alone (emergency)' })).not.toBeInTheDocument();
    const emergency = aRecommendation({ policy: { break_glass: true, proposer_may_vote: false } });
    rerender(<Decision recommendation={emergency} rights={{ ...ada, breaksGlass: false }} onDecided={jest.fn()} />);
    expect(screen.getByRole('button', { name: 'Decide alone (emergency)' })).toHaveAttribute('aria-disabled', 'true');
    rerender(<Decision recommendation={emergency} rights={ada} onDecided={jest.fn()} />);
    await userEvent.click(screen.getByRole('button', { name: 'Decide alone (emergency)' }));
    const confirm = () => within(screen.getByRole('dialog')).getByRole('button', { name: 'Approve alone' });
    await userEvent.type(screen.getByLabelText('Ticket'), 'OPS-7');
    await userEvent.type(screen.getByLabelText('Why'), 'hurry');
    expect(confirm()).toBeDisabled();
    await answer('Why', ', the shop is down and all are asleep', 'Approve alone');
    expect(sent()).toEqual([
      {
        method: 'POST',
        url: 'votes',
        data: expect.objectContaining({ verdict: 'approve', break_glass: { ticket: 'OPS-7' } }),
      },
    ]);
  });

  it('lets people report on advice they carried out, and on an execution whose answer was lost', async () => {
    fetchMock.mockReturnValue(of({ data: {} }));
    const { rerender } = render(
      <Decision
        recommendation={aRecommendation({ state: 'approved', plan: null })}
        rights={ada}
        onDecided={jest.fn()}
      />
    );
    await userEvent.click(screen.getByRole('button', { name: 'Report the outcome' }));
    await userEvent.click(screen.getByLabelText('It was carried out'));
    await answer('What you saw', 'units are fixed', 'Report');
    expect(sent()).toEqual([
      {
        method: 'POST',
        url: 'outcomes',
        data: { recommendation_id: 'rec-1', outcome: 'succeeded', reason: 'units are fixed' },
      },
    ]);
    rerender(<Decision recommendation={aRecommendation({ state: 'approved' })} rights={ada} onDecided={jest.fn()} />);
    expect(screen.queryByRole('button', { name: 'Report the outcome' })).not.toBeInTheDocument();
    const execution = {
      id: 'e',
      executor: 'webhook',
      state: 'unknown' as const,
      queued_at_ms: 1,
      started_at_ms: 1,
      finished_at_ms: null,
      detail: '',
    };
    rerender(
      <Decision recommendation={aRecommendation({ state: 'unknown', execution })} rights={ada} onDecided={jest.fn()} />
    );
    expect(screen.getByRole('button', { name: 'Report the outcome' })).toBeInTheDocument();
  });

  it('says that somebody was faster', async () => {
    fetchMock.mockReturnValue(
      throwError(() => ({
        status: 409,
        data: { error: { code: 'conflict', message: 'it was rejected a moment ago' } },
      }))
    );
    render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    await userEvent.type(screen.getByLabelText('Reason'), 'now');
    await userEvent.click(approve());
    expect(await screen.findByText('Somebody was faster')).toBeInTheDocument();
    expect(screen.getByText('it was rejected a moment ago')).toBeInTheDocument();
  });

  it('stops the vote when the plan changes under the reader, until the new plan was read', async () => {
    const { rerender } = render(<Decision recommendation={aRecommendation()} rights={ada} onDecided={jest.fn()} />);
    await userEvent.type(screen.getByLabelText('Reason'), 'now');
    rerender(
      <Decision recommendation={aRecommendation({ digest: 'b'.repeat(64) })} rights={ada} onDecided={jest.fn()} />
    );
    expect(approve()).toBeDisabled();
    await userEvent.click(screen.getByRole('button', { name: 'I have read the new plan' }));
    expect(approve()).toBeEnabled();
  });
});
