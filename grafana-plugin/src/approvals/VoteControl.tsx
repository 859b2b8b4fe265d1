import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button, Stack } from '@grafana/ui';
import { vote } from '../api/decisions';
import type { Recommendation } from '../api/types';
import { DECISION_TEXTS } from '../components/format';
import { ReasonDialog } from '../components/ReasonDialog';
import type { Rights } from '../components/useRights';
import { plain, Words } from '../components/Words';
import { DryRun } from './DryRun';
import { missingApprovals, myVote, refusalOf } from './vote-rules';

type Verdict = 'approve' | 'reject';

/** What follows from this vote, before it is cast. */
function consequenceOf(recommendation: Recommendation, verdict: Verdict): string {
  if (verdict === 'reject') {
    return t('vote.rejects', 'One rejection ends it for everybody; a newer diagnosis may propose it again.');
  }
  const { plan } = recommendation;
  const missing = missingApprovals(recommendation);
  if (missing > 1) {
    return t('vote.first-of', 'Nothing happens yet: after you, {{count}} more approvals are needed.', {
      count: missing - 1,
    });
  }
  return plan === null
    ? t('vote.advice', 'Nothing is executed: people carry this out.')
    : t('vote.executes', '{{executor}} then acts on {{target}} at once.', {
        executor: plan.executor,
        target: plan.target,
        interpolation: { escapeValue: false },
      });
}

/** Asks for the reason of one vote. It binds to the plan that was on the screen when the dialog was opened. */
function VoteDialog({
  recommendation,
  verdict,
  onClose,
  onDone,
}: {
  recommendation: Recommendation;
  verdict: Verdict;
  onClose: () => void;
  onDone: () => void;
}) {
  const [read, setRead] = useState(recommendation.digest);
  const { id, title, digest, state, steps, votes } = recommendation;
  const isStale = read !== digest;
  return (
    <ReasonDialog
      title={
        verdict === 'approve'
          ? t('vote.approve-title', 'Approve: {{title}}', {
              title: plain(title),
              interpolation: { escapeValue: false },
            })
          : t('vote.reject-title', 'Reject: {{title}}', { title: plain(title), interpolation: { escapeValue: false } })
      }
      confirm={verdict === 'approve' ? t('vote.approve', 'Approve') : t('vote.reject', 'Reject')}
      reasonLabel={t('vote.reason', 'Reason')}
      isDestructive={verdict === 'reject'}
      incomplete={isStale ? t('vote.read-first', 'Read the new plan first.') : null}
      send={(reason) => vote({ recommendation_id: id, digest: read, verdict, reason })}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{consequenceOf(recommendation, verdict)}</p>
      {state !== 'pending' && (
        <Alert
          severity="warning"
          title={t('vote.decided', 'Decided in the meantime: {{state}}', { state: DECISION_TEXTS[state]() })}
        />
      )}
      {isStale && (
        <Alert severity="warning" title={t('decision.changed', 'The plan has changed since you began to read it')}>
          <ol style={{ paddingLeft: 18 }}>
            {steps.map((step) => (
              <li key={step}>
                <Words>{step}</Words>
              </li>
            ))}
          </ol>
          <p>
            <DryRun id={id} />
          </p>
          <Button size="sm" onClick={() => setRead(digest)}>
            {t('decision.read', 'I have read the new plan')}
          </Button>
        </Alert>
      )}
      {votes.map(({ by, verdict: said, reason }) => (
        <p key={by.subject} style={{ overflowWrap: 'anywhere' }}>
          {said === 'approve'
            ? t('vote.has-approved', '{{who}} has approved: {{reason}}', {
                who: by.name,
                reason,
                interpolation: { escapeValue: false },
              })
            : t('vote.has-rejected', '{{who}} has rejected: {{reason}}', {
                who: by.name,
                reason,
                interpolation: { escapeValue: false },
              })}
        </p>
      ))}
      <p>
        <small>
          {t('decision.digest', 'Digest of what you decide on')}: <code title={read}>{read.slice(0, 12)}</code>
        </small>
      </p>
    </ReasonDialog>
  );
}

/**
 * Approve and reject, each asking for its reason when it is pressed; for whoever may not, why not. A dialog stays open when
 * somebody else decides meanwhile: what was typed is not taken away, and what happened is said.
 */
export function VoteControl({
  recommendation,
  rights,
  onDone,
}: {
  recommendation: Recommendation;
  rights: Rights;
  onDone: () => void;
}) {
  const [asks, setAsks] = useState<Verdict | null>(null);
  const refusal = refusalOf(recommendation, rights);
  // The exporter lets whoever approved reject after all.
  const hasApproved = myVote(recommendation, rights)?.verdict === 'approve';
  const isPending = recommendation.state === 'pending';
  return (
    <>
      {isPending && (
        <Stack gap={1} alignItems="center" wrap="wrap">
          {refusal === null && (
            <Button icon="check" onClick={() => setAsks('approve')}>
              {t('vote.approve', 'Approve')}
            </Button>
          )}
          {(refusal === null || hasApproved) && (
            <Button variant="destructive" fill="outline" icon="times" onClick={() => setAsks('reject')}>
              {hasApproved ? t('vote.reject-after-all', 'Reject after all') : t('vote.reject', 'Reject')}
            </Button>
          )}
          {refusal !== null && <span role="note">{refusal}</span>}
        </Stack>
      )}
      {asks !== null && (
        <VoteDialog recommendation={recommendation} verdict={asks} onClose={() => setAsks(null)} onDone={onDone} />
      )}
    </>
  );
}
