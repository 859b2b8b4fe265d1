import React from 'react';
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { config } from '@grafana/runtime';
import { of } from 'rxjs';
import type { KillSwitch, Recommendation, Review } from '../api/types';
import { anActor, aPolicy, aRecommendation } from '../test-data';
import { renderAsking, sentBy } from '../test-render';
import Approvals from './Approvals';

const policyFor = (approvers: Recommendation['policy']['approvers']) => aPolicy({ approvers });

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

const released: KillSwitch = { configured: false, on: false, reason: null, by: null, at_ms: null };
const stopped: KillSwitch = {
  configured: false,
  on: true,
  reason: 'a bad day',
  by: 'Grace',
  at_ms: Date.now() - 60_000,
};
const alone: Review = {
  recommendation_id: 'rec-1',
  used_by: anActor(),
  ticket: 'OPS-7',
  due_at_ms: Date.now() - 1,
  reviewed_by: null,
  reviewed_at_ms: null,
  finding: null,
};

function show({
  killSwitch = released,
  reviews = [],
  all = [],
  subject = 'grafana:user:13',
  role = 'Admin',
  one = aRecommendation(),
}: {
  killSwitch?: KillSwitch;
  reviews?: Review[];
  all?: Recommendation[];
  subject?: string;
  role?: 'Admin' | 'Editor' | 'Viewer';
  one?: Recommendation;
} = {}) {
  config.bootData = { ...config.bootData, user: { ...config.bootData?.user, orgRole: role } } as typeof config.bootData;
  fetchMock.mockImplementation(({ url }: { url: string }) =>
    of({
      data: url.includes('kill-switch')
        ? killSwitch
        : url.includes('reviews')
          ? { reviews }
          : url.includes('whoami')
            ? {
                kind: 'user',
                subject,
                votable_actions: ['fix-pipeline'],
                may_break_glass: false,
                problem: null,
                person: null,
              }
            : url.includes('recommendations?')
              ? { recommendations: all }
              : one,
    })
  );
  renderAsking(<Approvals />);
}
const sent = () => sentBy(fetchMock);
beforeEach(() => fetchMock.mockReset());

it('tells who stopped every execution and why, and lets an admin release it with a reason', async () => {
  show({ killSwitch: stopped });
  expect(await screen.findByText(/Grace stopped them: a bad day/)).toBeInTheDocument();
  await userEvent.click(screen.getByRole('button', { name: 'Resume executions' }));
  await userEvent.type(screen.getByLabelText('Why'), 'better now');
  await userEvent.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Resume executions' }));
  expect(sent()).toEqual([{ method: 'PUT', url: 'kill-switch', data: { on: false, reason: 'better now' } }]);
});

it('offers an admin to stop everything, and an editor the reason why not', async () => {
  show({ role: 'Editor' });
  expect(await screen.findByRole('button', { name: 'Stop every execution' })).toHaveAttribute('aria-disabled', 'true');
  await userEvent.hover(screen.getByRole('button', { name: 'Stop every execution' }));
  expect(await screen.findByText('Needs the Admin role in Grafana; yours is Editor.')).toBeInTheDocument();
});

it('cannot release what the configuration stops', async () => {
  show({ killSwitch: { ...released, configured: true } });
  expect(await screen.findByText(/can only be released there/)).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: 'Resume executions' })).not.toBeInTheDocument();
});

it('lets another approver review what one decided alone, and says so when it is overdue', async () => {
  show({ reviews: [alone] });
  expect(await screen.findByText('overdue')).toBeInTheDocument();
  await userEvent.click(await screen.findByRole('button', { name: 'Review' }));
  await userEvent.type(screen.getByLabelText('What you found'), 'it was right');
  await userEvent.click(screen.getByRole('button', { name: 'Record the review' }));
  expect(sent()).toEqual([
    { method: 'POST', url: 'reviews', data: { recommendation_id: 'rec-1', reason: 'it was right' } },
  ]);
});

it('shows of a decision made alone the reason of whoever made it', async () => {
  const vote = { by: anActor(), verdict: 'approve' as const, at_ms: 1 };
  const votes = [
    { ...vote, reason: 'an ordinary one', break_glass: null },
    { ...vote, reason: 'users are without answers', break_glass: { ticket: 'OPS-7' } },
  ];
  show({ reviews: [alone], one: aRecommendation({ votes }) });
  expect(await screen.findByText('users are without answers')).toBeInTheDocument();
  expect(screen.queryByText('an ordinary one')).not.toBeInTheDocument();
});

it('does not let whoever decided alone review it', async () => {
  show({ reviews: [alone], subject: 'grafana:user:12' });
  await waitFor(() => expect(screen.getByRole('button', { name: 'Review' })).toHaveAttribute('aria-disabled', 'true'));
  await userEvent.hover(screen.getByRole('button', { name: 'Review' }));
  expect(await screen.findByText('You decided this alone; somebody else has to look at it.')).toBeInTheDocument();
});

it('keeps apart what waits, what is under way, and what was decided', async () => {
  show({
    all: [
      aRecommendation(),
      aRecommendation({ id: 'b', state: 'succeeded' }),
      aRecommendation({ id: 'c', state: 'rejected' }),
      aRecommendation({ id: 'd', state: 'withdrawn' }),
      aRecommendation({ id: 'e', plan: null, title: 'Mere advice' }),
    ],
  });
  for (const title of ['Waiting for me (1)', 'Under way (1)', 'Decided (1)']) {
    expect(await screen.findByRole('region', { name: title })).toBeInTheDocument();
  }
  expect(screen.getByText('Ended without a decision (1)')).toBeInTheDocument();
  expect(screen.queryByText('Mere advice')).not.toBeInTheDocument();
});

it('offers a vote by the policy of each recommendation, not by what the person may do in general', async () => {
  show({
    all: [
      aRecommendation({ title: 'For Grace', policy: policyFor({ users: ['grafana:user:13'], emails: [], roles: [] }) }),
      aRecommendation({ id: 'b', title: 'For Linus', policy: policyFor({ users: ['linus'], emails: [], roles: [] }) }),
    ],
  });
  const mine = within(await screen.findByRole('region', { name: 'Waiting for me (1)' }));
  expect(mine.getByText('For Grace')).toBeInTheDocument();
  const others = within(screen.getByRole('region', { name: 'Waiting for others (1)' }));
  expect(others.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  expect(others.getByText('You are not an approver of this action. Approvers: linus.')).toBeInTheDocument();
});
