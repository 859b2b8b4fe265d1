import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Badge, Button, Stack, TextArea, TextLink } from '@grafana/ui';
import { exporter } from '../api/client';
import type { Recommendation } from '../api/types';
import { DECISION_COLOURS, moment, relative } from '../components/format';
import { LEAST_REASON } from '../components/ReasonDialog';
import { FailureNotice } from '../components/States';
import { useAction } from '../components/useAction';
import type { Rights } from '../components/useRights';
import { PAGES } from '../constants';
import { OtherSteps } from './OtherSteps';

const [CHECK, CROSS] = ['✓', '✗'];
const stateText = (state: string) => state.replace('_', ' ');
/** Actions that put another version in service, which can be tried beforehand. */
const OTHER_VERSION: ReadonlyArray<Recommendation['action']> = ['deploy', 'rollback'];

const myVote = ({ votes }: Recommendation, { subject }: Rights) =>
  subject === null ? undefined : votes.find(({ by }) => by.subject === subject);

/** Why this person cannot vote on this recommendation now; null when they can. */
export function refusalOf(recommendation: Recommendation, rights: Rights): string | null {
  if (recommendation.plan === null && recommendation.action === 'none') {
    return t('decision.nothing', 'There is nothing to decide.');
  }
  if (myVote(recommendation, rights) !== undefined) {
    return t('decision.voted', 'You have voted; another person has to.');
  }
  if (rights.subject === recommendation.proposedBy.subject && !recommendation.policy.proposerMayVote) {
    return t('decision.proposed', 'You proposed this, so somebody else has to decide.');
  }
  return rights.decideRefusal(recommendation.action);
}

function Facts({
  recommendation: {
    why,
    risk,
    expectedEffect,
    steps,
    trackRecord,
    action,
    modelId,
    plan,
    dry_run,
    verificationText,
    proposedBy,
  },
}: {
  recommendation: Recommendation;
}) {
  const isUntried = OTHER_VERSION.includes(action) && plan?.parameters.validation === undefined;
  return (
    <dl
      style={{
        display: 'grid',
        gridTemplateColumns: 'minmax(90px, 130px) minmax(0, 1fr)',
        gap: '6px 12px',
        margin: '8px 0',
        overflowWrap: 'anywhere',
      }}
    >
      <dt>{t('decision.why', 'Why')}</dt>
      <dd>{why}</dd>
      <dt>{t('decision.plan', 'Plan')}</dt>
      <dd>
        {steps.length > 0 && (
          <ol style={{ paddingLeft: 18 }}>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        )}
        {isUntried && (
          <div>
            {t('decision.untried', 'No candidate version was tried against the one in service.')}{' '}
            <TextLink href={`${PAGES.model(modelId)}#candidates`}>{t('decision.try', 'Try one first')}</TextLink>
          </div>
        )}
      </dd>
      <dt>{t('decision.effect', 'Expected effect')}</dt>
      <dd>{expectedEffect}</dd>
      <dt>{t('decision.verified', 'Verified by')}</dt>
      <dd>{verificationText}</dd>
      <dt>{t('decision.dry-run', 'Dry run')}</dt>
      <dd>
        <code style={{ whiteSpace: 'pre-wrap' }}>{dry_run}</code>
      </dd>
      <dt>{t('decision.risk', 'Risk')}</dt>
      <dd>{risk}</dd>
      {trackRecord !== null && (
        <>
          <dt>{t('decision.record', 'Track record')}</dt>
          <dd>
            {t('decision.helped', 'Helped {{helped}} of {{tried}} times in similar incidents', {
              helped: trackRecord.helped,
              tried: trackRecord.tried,
            })}
          </dd>
        </>
      )}
      <dt>{t('decision.proposed-by', 'Proposed by')}</dt>
      <dd>{proposedBy.name}</dd>
    </dl>
  );
}

function Outcome({
  recommendation: { state, votes, plan, execution, verification, verificationText, attempts },
}: {
  recommendation: Recommendation;
}) {
  return (
    <div aria-live="polite">
      {votes.map((vote) => (
        <p key={`${vote.by.subject}${vote.atMs}`} style={{ margin: 0, overflowWrap: 'anywhere' }}>
          <span aria-hidden>{vote.verdict === 'approve' ? CHECK : CROSS} </span>
          {t('decision.vote', '{{who}} {{verdict}} {{when}}: {{reason}}', {
            who: vote.by.name,
            verdict:
              vote.verdict === 'approve'
                ? t('decision.vote-approved', 'approved')
                : t('decision.vote-rejected', 'rejected'),
            when: relative(vote.atMs),
            reason: vote.reason,
            interpolation: { escapeValue: false },
          })}
          {vote.breakGlass !== undefined && (
            <>
              {' '}
              <Badge
                color="red"
                text={t('decision.alone', 'alone, ticket {{ticket}}', {
                  ticket: vote.breakGlass.ticket,
                  interpolation: { escapeValue: false },
                })}
              />
            </>
          )}
        </p>
      ))}
      {state === 'approved' && plan === null && (
        <p style={{ margin: 0 }}>
          {t('decision.by-hand', 'To be carried out by people: report below what came of it.')}
        </p>
      )}
      {execution !== null && (
        <p style={{ margin: 0, overflowWrap: 'anywhere' }}>
          {t('decision.execution', 'Execution by {{executor}}: {{state}}', {
            executor: execution.executor,
            state: execution.state,
          })}
          {execution.detail === '' ? '' : ` – ${execution.detail}`} (
          {t('decision.attempts', '{{count}} events', { count: attempts.length })})
        </p>
      )}
      {state === 'succeeded' && verification === null && (
        <p style={{ margin: 0 }}>
          {t('decision.verifying', 'Watching whether it helped: {{criteria}}', {
            criteria: verificationText,
            interpolation: { escapeValue: false },
          })}
        </p>
      )}
      {verification !== null && (
        <p style={{ margin: 0 }}>
          {t('decision.verification', 'Verification: {{outcome}}', { outcome: stateText(verification.outcome) })} –{' '}
          {verification.detail}
        </p>
      )}
    </div>
  );
}

interface Props {
  recommendation: Recommendation;
  rights: Rights;
  onDecided: () => void;
  showIncident?: boolean;
  /** Small: the plan is folded in until asked for. */
  isCompact?: boolean;
}

/** One recommendation: what it is, what approving it does, and the buttons. The digest shown is the digest voted on. */
export function Decision({ recommendation, rights, onDecided, showIncident, isCompact }: Props) {
  const [reason, setReason] = useState('');
  const [shownDigest, setShownDigest] = useState(recommendation.digest);
  const { busy, failure, run } = useAction(onDecided);
  const [isOpen, setOpen] = useState(isCompact !== true);
  const { id, state, votes, plan, risk, requiredApprovals, title, priority, digest, expiresAtMs } = recommendation;
  const isPending = state === 'pending';
  const approvals = votes.filter(({ verdict }) => verdict === 'approve').length;
  const refusal = refusalOf(recommendation, rights);
  // The exporter lets whoever approved reject after all.
  const hasApproved = myVote(recommendation, rights)?.verdict === 'approve';
  const rejectRefusal = hasApproved ? null : refusal;
  const isStale = shownDigest !== digest;

  const vote = async (verdict: 'approve' | 'reject') => {
    if (
      await run(verdict, () =>
        exporter.vote({ recommendation_id: id, digest: shownDigest, verdict, reason: reason.trim() })
      )
    ) {
      setReason('');
    }
  };
  const noReason =
    reason.trim().length < LEAST_REASON
      ? t('decision.reason-first', 'Say why first: the reason goes into the audit log.')
      : null;
  const mayNotApprove = refusal ?? noReason;
  const mayNotReject = rejectRefusal ?? noReason;

  const otherSteps = (
    <OtherSteps recommendation={recommendation} rights={rights} shownDigest={shownDigest} onDone={onDecided} />
  );

  return (
    <article
      aria-label={title}
      data-testid={`decision-${recommendation.action}`}
      data-state={state}
      style={{ borderTop: '1px solid rgba(128,128,128,.3)', padding: '12px 0' }}
    >
      <Stack gap={1} wrap="wrap" alignItems="center">
        <Badge
          text={priority}
          color={priority === 'CRITICAL' || priority === 'HIGH' ? 'red' : priority === 'MEDIUM' ? 'orange' : 'blue'}
        />
        <strong style={{ overflowWrap: 'anywhere' }}>{title}</strong>
        <Badge text={stateText(state)} color={DECISION_COLOURS[state]} />
        {isPending && (
          <span>
            {t('decision.count', '{{have}} of {{need}} approvals', { have: approvals, need: requiredApprovals })}
          </span>
        )}
        {isPending && (
          <span title={moment(expiresAtMs)}>
            {t('decision.expires', 'expires {{when}}', { when: relative(expiresAtMs) })}
          </span>
        )}
        {showIncident === true && (
          <TextLink href={PAGES.incident(recommendation.incidentId)}>{recommendation.modelId}</TextLink>
        )}
        {isCompact === true && (
          <Button size="sm" fill="text" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? t('decision.less', 'Less') : t('decision.more', 'Plan, risk and dry run')}
          </Button>
        )}
      </Stack>
      {isPending && (
        <p style={{ margin: '4px 0', overflowWrap: 'anywhere' }}>
          {plan === null
            ? t('decision.advice', 'Advice for people: mlfi will execute nothing.')
            : t('decision.executes', 'Approving lets {{executor}} act on {{target}}.', {
                executor: plan.executor,
                target: plan.target,
                interpolation: { escapeValue: false },
              })}{' '}
          {!isOpen && t('decision.risk-is', 'Risk: {{risk}}', { risk, interpolation: { escapeValue: false } })}
        </p>
      )}
      {isOpen && <Facts recommendation={recommendation} />}
      <Outcome recommendation={recommendation} />
      {failure !== null && <FailureNotice failure={failure} />}
      {isPending && isStale && (
        <Alert severity="warning" title={t('decision.changed', 'The plan has changed since you began to read it')}>
          <p>{recommendation.evidence.headline}</p>
          <Button size="sm" onClick={() => setShownDigest(digest)}>
            {t('decision.read', 'I have read the new plan')}
          </Button>
        </Alert>
      )}
      {isPending && (
        <>
          <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'flex-start' }}>
            <div style={{ flex: '1 1 260px', minWidth: 0 }}>
              <TextArea
                id={`reason-${id}`}
                aria-label={t('decision.reason', 'Reason')}
                rows={1}
                value={reason}
                disabled={rejectRefusal !== null}
                placeholder={t('decision.reason-hint', 'Why you approve or reject')}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            </div>
            <Button
              icon="check"
              disabled={mayNotApprove !== null || busy !== null || isStale}
              onClick={() => vote('approve')}
            >
              {t('decision.approve', 'Approve')}
            </Button>
            <Button
              variant="destructive"
              fill="outline"
              icon="times"
              disabled={mayNotReject !== null || busy !== null || isStale}
              onClick={() => vote('reject')}
            >
              {t('decision.reject', 'Reject')}
            </Button>
          </div>
          <Stack gap={1} alignItems="center" wrap="wrap">
            {mayNotApprove !== null && <small role="note">{mayNotApprove}</small>}
            {hasApproved && <small>{t('decision.changed-mind', 'You may still reject it.')}</small>}
            <small>
              <code title={digest} aria-label={t('decision.digest', 'Digest of what you decide on')}>
                {digest.slice(0, 12)}
              </code>
            </small>
            {otherSteps}
          </Stack>
        </>
      )}
      {!isPending && otherSteps}
    </article>
  );
}
