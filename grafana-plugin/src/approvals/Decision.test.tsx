import React from 'react';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { of, throwError } from 'rxjs';
import type { Recommendation } from '../api/types';
import type { Rights } from '../components/useRights';
import { anActor, aPolicy, aRecommendation } from '../test-data';
import { renderAsking, sentBy } from '../test-render';
import { Decision } from './Decision';
import { endingOf } from './Outcome';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));

jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  TextLink: ({ children, href }: { children: React.ReactNode; href: string }) => <a href={href}>{children}</a>,
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
const approval = {
  verdict: 'approve' as const,
  reason: 'yes',
  by: anActor(),
  at_ms: Date.now(),
  break_glass: null,
};
const shown = (recommendation: Recommendation, rights = ada) => (
  <Decision recommendation={recommendation} rights={rights} />
);
const show = (overrides: Partial<Recommendation> = {}, rights = ada) =>
  renderAsking(shown(aRecommendation(overrides), rights));
const dialog = () => within(screen.getByRole('dialog'));
const answer = async (field: string, text: string, button: string) => {
  await userEvent.type(dialog().getByLabelText(field), text);
  await userEvent.click(dialog().getByRole('button', { name: button }));
};
const conflict = (message: string) =>
  throwError(() => ({ status: 409, data: { error: { code: 'conflict', message } } }));
beforeEach(() => fetchMock.mockReset().mockReturnValue(of({ data: {} })));

it('asks for the reason when approve is pressed, and votes for exactly the digest that was shown', async () => {
  show();
  expect(screen.queryByRole('textbox')).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Approve' }));
  expect(dialog().getByText(/after you, 1 more approvals are needed/)).toBeInTheDocument();
  expect(dialog().getByRole('button', { name: 'Approve' })).toBeDisabled();
  await answer('Reason', 'seen it before', 'Approve');
  await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument());
  expect(sentBy(fetchMock)).toEqual([
    {
      method: 'POST',
      url: 'votes',
      data: { recommendation_id: 'rec-1', digest: 'a'.repeat(64), verdict: 'approve', reason: 'seen it before' },
    },
  ]);
  await waitFor(() => expect(screen.getByRole('article')).toHaveFocus());
});

it('tells a viewer why there is nothing to press', () => {
  show({}, viewer);
  expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  expect(screen.getByText(/needs the Editor role/)).toBeInTheDocument();
});

it('does not let a person approve twice; rejecting after all says that it ends it for everybody', async () => {
  show({ votes: [approval] });
  expect(screen.getByText('1 of 2 approvals')).toBeInTheDocument();
  expect(screen.getByText('You have voted; another person has to.')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Reject after all' }));
  expect(dialog().getByText(/ends it for everybody/)).toBeInTheDocument();
  await answer('Reason', 'I was wrong', 'Reject');
  expect(sentBy(fetchMock)).toEqual([
    { method: 'POST', url: 'votes', data: expect.objectContaining({ verdict: 'reject', reason: 'I was wrong' }) },
  ]);
});

it('lets whoever proposed it not vote', () => {
  show({ proposed_by: anActor() });
  expect(screen.getByText('You proposed this, so somebody else has to decide.')).toBeInTheDocument();
});

it('shows another approver what the one before said', async () => {
  show({ votes: [{ ...approval, by: anActor({ subject: 'x', name: 'Grace' }) }] });
  await userEvent.click(screen.getByRole('button', { name: 'Approve' }));
  expect(dialog().getByText('Grace has approved: yes')).toBeInTheDocument();
  expect(dialog().getByText(/webhook then acts on ml-platform at once/)).toBeInTheDocument();
});

it('takes an approval back with a reason while nothing was sent', async () => {
  show({ state: 'approved', votes: [approval] });
  await userEvent.click(screen.getByRole('button', { name: 'Take the approval back' }));
  await answer('Why', 'the wrong one', 'Take the approval back');
  expect(sentBy(fetchMock)).toEqual([
    { method: 'POST', url: 'revocations', data: { recommendation_id: 'rec-1', reason: 'the wrong one' } },
  ]);
});

it('withdraws what is pending; the dialog stays with its reason when the exporter refuses', async () => {
  fetchMock.mockReturnValue(conflict('this recommendation is approved already'));
  show();
  await userEvent.click(screen.getByRole('button', { name: 'Withdraw' }));
  expect(dialog().getByRole('button', { name: 'Withdraw' })).toBeDisabled();
  await answer('Why', 'not now', 'Withdraw');
  expect(await screen.findByText('this recommendation is approved already')).toBeInTheDocument();
  expect(dialog().getByLabelText('Why')).toHaveValue('not now');
});

it('offers deciding alone only where the rules allow it and an ordinary vote is not enough', async () => {
  const policy = aPolicy({ break_glass: true });
  const button = () => screen.queryByRole('button', { name: 'Decide alone (emergency)' });
  const { rerender } = show();
  expect(button()).not.toBeInTheDocument();
  rerender(shown(aRecommendation({ policy }), { ...ada, breaksGlass: false }));
  expect(button()).not.toBeInTheDocument();
  rerender(shown(aRecommendation({ policy, required_approvals: 1 })));
  expect(button()).not.toBeInTheDocument();
  rerender(shown(aRecommendation({ policy })));
  await userEvent.click(screen.getByRole('button', { name: 'Decide alone (emergency)' }));
  await userEvent.type(screen.getByLabelText('Ticket'), 'OPS-7');
  await userEvent.type(screen.getByLabelText('Why'), 'hurry');
  expect(dialog().getByRole('button', { name: 'Approve alone' })).toBeDisabled();
  await answer('Why', ', the shop is down and all are asleep', 'Approve alone');
  expect(sentBy(fetchMock)).toEqual([
    {
      method: 'POST',
      url: 'votes',
      data: expect.objectContaining({ verdict: 'approve', break_glass: { ticket: 'OPS-7' } }),
    },
  ]);
});

it('tells the 2xx of a webhook as taken, and not as carried out', () => {
  const execution = {
    id: 'e',
    executor: 'webhook',
    state: 'unknown' as const,
    queued_at_ms: 1,
    started_at_ms: 1,
    finished_at_ms: null,
    detail: '',
  };
  const succeeded = { ...execution, state: 'succeeded' as const, detail: 'the receiver answered 200' };
  show({ state: 'succeeded', execution: succeeded });
  expect(
    screen.getByText(/Execution by webhook: taken by the receiver – the receiver answered 200/)
  ).toBeInTheDocument();
});

it('lets people report on an execution whose answer was lost, and on no other', () => {
  const execution = {
    id: 'e',
    executor: 'webhook',
    state: 'unknown' as const,
    queued_at_ms: 1,
    started_at_ms: 1,
    finished_at_ms: null,
    detail: '',
  };
  const button = () => screen.queryByRole('button', { name: 'Report the outcome' });
  const { rerender } = show({ state: 'approved' });
  expect(button()).not.toBeInTheDocument();
  rerender(shown(aRecommendation({ state: 'unknown', execution })));
  expect(button()).toBeInTheDocument();
});

it('says that it has changed when somebody else was first', async () => {
  fetchMock.mockReturnValue(conflict('it was rejected a moment ago'));
  show();
  await userEvent.click(screen.getByRole('button', { name: 'Approve' }));
  await answer('Reason', 'now', 'Approve');
  expect(await screen.findByText('This has changed in the meantime')).toBeInTheDocument();
  expect(screen.getByText('it was rejected a moment ago')).toBeInTheDocument();
});

it('offers no check of the connection when a policy refuses', async () => {
  const error = { code: 'forbidden', message: 'you are no approver', field: 'by', details: null };
  fetchMock.mockReturnValue(throwError(() => ({ status: 403, data: { error } })));
  show();
  await userEvent.click(screen.getByRole('button', { name: 'Approve' }));
  await answer('Reason', 'now', 'Approve');
  expect(await screen.findByText('You are not allowed to do this')).toBeInTheDocument();
  expect(screen.queryByText('Check the connection')).not.toBeInTheDocument();
});

it('stops the vote when the plan changes under the reader, until the new plan was read', async () => {
  const { rerender } = show();
  await userEvent.click(screen.getByRole('button', { name: 'Approve' }));
  await userEvent.type(dialog().getByLabelText('Reason'), 'now');
  rerender(shown(aRecommendation({ digest: 'b'.repeat(64), steps: ['Divide by 1000'] })));
  expect(dialog().getByRole('button', { name: 'Approve' })).toBeDisabled();
  expect(dialog().getByText('Divide by 1000')).toBeInTheDocument();
  await userEvent.click(dialog().getByRole('button', { name: 'I have read the new plan' }));
  await userEvent.click(dialog().getByRole('button', { name: 'Approve' }));
  expect(sentBy(fetchMock)[0].data.digest).toBe('b'.repeat(64));
});

it('keeps the dialog and what was typed when somebody else decides meanwhile, and says so', async () => {
  const { rerender } = show();
  await userEvent.click(screen.getByRole('button', { name: 'Reject' }));
  await userEvent.type(dialog().getByLabelText('Reason'), 'not now');
  rerender(
    shown(aRecommendation({ state: 'approved', votes: [{ ...approval, by: { ...approval.by, subject: 'x' } }] }))
  );
  expect(dialog().getByText('Decided in the meantime: Approved')).toBeInTheDocument();
  expect(dialog().getByLabelText('Reason')).toHaveValue('not now');
});

it('says of an untried version that it is untried only where approving would put it in service', () => {
  const untried = () => screen.queryByText(/no candidate was tried/);
  const plan = { executor: 'webhook', target: 'ml-platform', parameters: {} };
  const { rerender } = show({ action: 'deploy', plan });
  expect(untried()).toBeInTheDocument();
  rerender(shown(aRecommendation({ action: 'deploy', plan: { ...plan, parameters: { validation: 'v1' } } })));
  expect(untried()).not.toBeInTheDocument();
});

it('tells who took an approval back, and why, from the audit log', async () => {
  const entry = (sequence: number, body: object) => ({ sequence, hash: '', previous_hash: '', body: { ...body } });
  const entries = [
    entry(1, { kind: 'state', recommendation: 'rec-1', from: 'pending', to: 'approved', by: { name: 'Ada' } }),
    entry(2, {
      kind: 'state',
      recommendation: 'rec-1',
      to: 'revoked',
      by: { name: 'Grace' },
      reason: 'the wrong host',
    }),
    entry(3, { kind: 'state', recommendation: 'rec-2', to: 'revoked', by: { name: 'Vic' }, reason: 'another' }),
  ];
  expect(endingOf(entries, { id: 'rec-1', state: 'revoked' })).toEqual({ by: 'Grace', reason: 'the wrong host' });
  expect(endingOf(entries, { id: 'rec-9', state: 'revoked' })).toBeNull();
  fetchMock.mockReturnValue(of({ data: { entries } }));
  show({ state: 'revoked' });
  await userEvent.click(screen.getByText('Approval taken back: by whom, and why'));
  expect(await screen.findByText('Grace: the wrong host')).toBeInTheDocument();
});

it('asks for the dry run of one recommendation once its background is opened, and not before', async () => {
  const asked = () => fetchMock.mock.calls.map(([{ url }]) => url.replace(/.*\/api\/v1\//, ''));
  fetchMock.mockReturnValue(of({ data: aRecommendation({ dry_run: 'would POST to ml-platform' }) }));
  show({ dry_run: null });
  expect(asked()).toEqual([]);
  await userEvent.click(screen.getByText('Reasons and dry run'));
  expect(await screen.findByText('would POST to ml-platform')).toBeInTheDocument();
  expect(asked()).toEqual(['recommendations/rec-1']);
});
