import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Badge, Button, Field, Stack, TextArea, TextLink } from '@grafana/ui';
import { exporter, failureOf, type Failure } from '../api/client';
import type { Recommendation } from '../api/types';
import { DECISION_COLOURS, moment, relative } from '../components/format';
import { FailureNotice } from '../components/States';
import type { Rights } from '../components/useRights';
import { PAGES } from '../constants';

const LEAST_REASON = 3;
const stateText = (state: Recommendation['state']) => state.replace('_', ' ');

/** Why this person cannot vote on this recommendation now; null when they can. */
export function refusalOf(recommendation: Recommendation, rights: Rights): string | null {
  if (recommendation.plan === null && recommendation.action === 'none') {
    return t('decision.nothing', 'There is nothing to decide.');
  }
  if (rights.subject !== null && recommendation.votes.some(({ by }) => by.subject === rights.subject)) {
    return t('decision.voted', 'You have voted; another person has to.');
  }
  return rights.decideRefusal(recommendation.action);
}

function Facts({ recommendation: { why, risk, expectedEffect, steps, trackRecord, plan, dry_run, verificationText } }: { recommendation: Recommendation }) {
  return (
    <dl style={{ display: 'grid', gridTemplateColumns: 'minmax(90px, 130px) minmax(0, 1fr)', gap: '6px 12px', margin: '8px 0', overflowWrap: 'anywhere' }}>
      <dt>{t('decision.why', 'Why')}</dt>
      <dd>{why}</dd>
      <dt>{t('decision.plan', 'Plan')}</dt>
      <dd>
        {steps.length > 0 && <ol style={{ paddingLeft: 18 }}>{steps.map((step) => <li key={step}>{step}</li>)}</ol>}
        {plan === null ? t('decision.advice', 'Advice for people: mlfi will execute nothing.') : t('decision.executes', 'Executed by {{executor}} at {{target}}', { executor: plan.executor, target: plan.target })}
      </dd>
      <dt>{t('decision.risk', 'Risk')}</dt>
      <dd>{risk}</dd>
      <dt>{t('decision.effect', 'Expected effect')}</dt>
      <dd>{expectedEffect}</dd>
      <dt>{t('decision.verified', 'Verified by')}</dt>
      <dd>{verificationText}</dd>
      <dt>{t('decision.dry-run', 'Dry run')}</dt>
      <dd><code style={{ whiteSpace: 'pre-wrap' }}>{dry_run}</code></dd>
      {trackRecord !== null && (
        <>
          <dt>{t('decision.record', 'Track record')}</dt>
          <dd>{t('decision.helped', 'Helped {{helped}} of {{tried}} times in similar incidents', { helped: trackRecord.helped, tried: trackRecord.tried })}</dd>
        </>
      )}
    </dl>
  );
}

function Outcome({ recommendation: { state, votes, execution, verification, verificationText, attempts } }: { recommendation: Recommendation }) {
  return (
    <div aria-live="polite">
      {votes.map((vote) => (
        <p key={`${vote.by.subject}${vote.atMs}`} style={{ margin: 0 }}>
          {vote.verdict === 'approve' ? '✓' : '✗'} {t('decision.vote', '{{who}} {{verdict}} {{when}}: {{reason}}', { who: vote.by.name, verdict: vote.verdict === 'approve' ? 'approved' : 'rejected', when: relative(vote.atMs), reason: vote.reason, interpolation: { escapeValue: false } })}
        </p>
      ))}
      {execution !== null && (
        <p style={{ margin: 0 }}>
          {t('decision.execution', 'Execution by {{executor}}: {{state}}', { executor: execution.executor, state: execution.state })}
          {execution.detail === '' ? '' : ` – ${execution.detail}`} ({t('decision.attempts', '{{count}} events', { count: attempts.length })})
        </p>
      )}
      {state === 'succeeded' && verification === null && (
        <p style={{ margin: 0 }}>{t('decision.verifying', 'Watching whether it helped: {{criteria}}', { criteria: verificationText, interpolation: { escapeValue: false } })}</p>
      )}
      {verification !== null && (
        <p style={{ margin: 0 }}>
          {t('decision.verification', 'Verification: {{outcome}}', { outcome: stateText(verification.outcome) })} – {verification.detail}
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
  const [busy, setBusy] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isOpen, setOpen] = useState(isCompact !== true);
  const { id, state, votes, requiredApprovals, title, priority, digest, expiresAtMs } = recommendation;
  const approvals = votes.filter(({ verdict }) => verdict === 'approve').length;
  const refusal = refusalOf(recommendation, rights);
  const isStale = shownDigest !== digest;
  const reasonField = `reason-${id}`;

  const act = async (name: string, send: () => Promise<unknown>) => {
    setBusy(name);
    setFailure(null);
    try {
      await send();
      setReason('');
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(null);
      onDecided();
    }
  };
  const vote = (verdict: 'approve' | 'reject') => act(verdict, () => exporter.vote({ recommendation_id: id, digest: shownDigest, verdict, reason: reason.trim() }));
  const mayNot = refusal ?? (reason.trim().length < LEAST_REASON ? t('decision.reason-first', 'Say why first: the reason goes into the audit log.') : null);
  const isMine = rights.subject !== null && votes.some(({ by, verdict }) => by.subject === rights.subject && verdict === 'approve');

  return (
    <article aria-label={title} data-testid={`decision-${recommendation.action}`} data-state={state} style={{ borderTop: '1px solid rgba(128,128,128,.3)', padding: '12px 0' }}>
      <Stack gap={1} wrap="wrap" alignItems="center">
        <Badge text={priority} color={priority === 'CRITICAL' || priority === 'HIGH' ? 'red' : priority === 'MEDIUM' ? 'orange' : 'blue'} />
        <strong style={{ overflowWrap: 'anywhere' }}>{title}</strong>
        <Badge text={stateText(state)} color={DECISION_COLOURS[state]} />
        {state === 'pending' && <span>{t('decision.count', '{{have}} of {{need}} approvals', { have: approvals, need: requiredApprovals })}</span>}
        {state === 'pending' && <span title={moment(expiresAtMs)}>{t('decision.expires', 'expires {{when}}', { when: relative(expiresAtMs) })}</span>}
        {showIncident === true && <TextLink href={PAGES.incident(recommendation.incidentId)}>{recommendation.modelId}</TextLink>}
        {isCompact === true && (
          <Button size="sm" fill="text" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? t('decision.less', 'Less') : t('decision.more', 'Plan, risk and dry run')}
          </Button>
        )}
      </Stack>
      {isOpen && <Facts recommendation={recommendation} />}
      <Outcome recommendation={recommendation} />
      {failure !== null && <FailureNotice failure={failure} />}
      {state === 'pending' && isStale && (
        <Alert severity="warning" title={t('decision.changed', 'The plan has changed since you began to read it')} >
          <p>{recommendation.evidence.headline}</p>
          <Button size="sm" onClick={() => setShownDigest(digest)}>
            {t('decision.read', 'I have read the new plan')}
          </Button>
        </Alert>
      )}
      {state === 'pending' && (
        <div>
          <Field label={t('decision.reason', 'Reason')} htmlFor={reasonField} noMargin>
            <TextArea id={reasonField} rows={2} value={reason} disabled={refusal !== null} placeholder={t('decision.reason-hint', 'Why you approve or reject')} onChange={(event) => setReason(event.currentTarget.value)} />
          </Field>
          <div style={{ marginTop: 8 }}>
            <Stack gap={1} alignItems="center" wrap="wrap">
              <Button icon="check" disabled={mayNot !== null || busy !== null || isStale} onClick={() => vote('approve')}>
                {t('decision.approve', 'Approve')}
              </Button>
              <Button variant="destructive" fill="outline" icon="times" disabled={mayNot !== null || busy !== null || isStale} onClick={() => vote('reject')}>
                {t('decision.reject', 'Reject')}
              </Button>
              {mayNot !== null && <span role="note">{mayNot}</span>}
              <code title={digest} aria-label={t('decision.digest', 'Digest of what you decide on')}>{digest.slice(0, 12)}</code>
            </Stack>
          </div>
        </div>
      )}
      {isMine && (state === 'approved' || state === 'pending') && (
        <Button size="sm" variant="secondary" disabled={busy !== null} onClick={() => act('revoke', () => exporter.revoke(id, t('decision.revoked', 'approval taken back')))}>
          {t('decision.revoke', 'Take my approval back')}
        </Button>
      )}
    </article>
  );
}
