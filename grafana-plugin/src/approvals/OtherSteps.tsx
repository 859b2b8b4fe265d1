import React, { useId, useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Field, Input, RadioButtonGroup, Stack } from '@grafana/ui';
import { reportOutcome, revoke, vote, withdraw } from '../api/decisions';
import type { Recommendation } from '../api/types';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';
import type { Rights } from '../components/useRights';
import { plain } from '../components/Words';
import { offersBreakGlass } from './vote-rules';

/** The exporter wants at least this many characters of whoever decides alone; see governance/ballot.ts there. */
const LEAST_EMERGENCY_REASON = 20;

type Step = 'withdraw' | 'break-glass' | 'revoke' | 'outcome';

/** Steps the state of a recommendation allows this person besides voting, by the exporter's state machine. */
function stepsOf(recommendation: Recommendation, rights: Rights): Step[] {
  const { state, execution } = recommendation;
  switch (state) {
    case 'pending':
      return offersBreakGlass(recommendation, rights) ? ['withdraw', 'break-glass'] : ['withdraw'];
    case 'approved':
      return ['revoke'];
    case 'dispatching':
    case 'unknown':
      return execution === null ? [] : ['outcome'];
    default:
      return [];
  }
}

interface Props {
  recommendation: Recommendation;
  rights: Rights;
  onDone: () => void;
}

function BreakGlass({
  recommendation: { id, title, digest },
  onDone,
  onClose,
}: Omit<Props, 'rights'> & { onClose: () => void }) {
  const [ticket, setTicket] = useState('');
  const field = useId();
  // An emergency vote binds to the plan that was on the screen when the dialog was opened.
  const [shownDigest] = useState(digest);
  const ready = ticket.trim() === '' ? t('steps.no-ticket', 'Name the ticket that explains it.') : null;
  return (
    <ReasonDialog
      title={t('steps.break-glass-title', 'Decide alone: {{title}}', {
        title: plain(title),
        interpolation: { escapeValue: false },
      })}
      confirm={t('steps.break-glass-confirm', 'Approve alone')}
      isDestructive
      leastReason={LEAST_EMERGENCY_REASON}
      incomplete={ready}
      send={(reason) =>
        vote({
          recommendation_id: id,
          digest: shownDigest,
          verdict: 'approve',
          reason,
          break_glass: { ticket: ticket.trim() },
        })
      }
      onClose={onClose}
      onDone={onDone}
    >
      <Alert
        severity="warning"
        title={t('steps.break-glass-what', 'This passes over the approvals that are asked for')}
      >
        {t(
          'steps.break-glass-review',
          'It is written down as such, and another approver has to review it. Freezes and the kill switch still hold.'
        )}
      </Alert>
      <Field label={t('steps.ticket', 'Ticket')} htmlFor={field}>
        <Input
          id={field}
          value={ticket}
          maxLength={200}
          placeholder={t('steps.ticket-example', 'OPS-7')}
          onChange={(event) => setTicket(event.currentTarget.value)}
        />
      </Field>
    </ReasonDialog>
  );
}

function ReportOutcome({
  recommendation: { id, title },
  onDone,
  onClose,
}: Omit<Props, 'rights'> & { onClose: () => void }) {
  const [outcome, setOutcome] = useState<'succeeded' | 'failed' | null>(null);
  const choices = [
    { value: 'succeeded' as const, label: t('steps.carried-out', 'It was carried out') },
    { value: 'failed' as const, label: t('steps.not-carried-out', 'It failed or was not done') },
  ];
  return (
    <ReasonDialog
      title={t('steps.outcome-title', 'What became of: {{title}}', {
        title: plain(title),
        interpolation: { escapeValue: false },
      })}
      confirm={t('steps.outcome-confirm', 'Report')}
      reasonLabel={t('steps.outcome-detail', 'What you saw')}
      incomplete={outcome === null ? t('steps.outcome-choose', 'Choose what became of it.') : null}
      send={(detail) => reportOutcome(id, outcome ?? 'failed', detail)}
      onClose={onClose}
      onDone={onDone}
    >
      <p>{t('steps.outcome-what', 'Whether it helped is not asked: mlfi watches that itself.')}</p>
      <Field label={t('steps.outcome', 'Outcome')}>
        <RadioButtonGroup
          options={choices}
          value={outcome ?? undefined}
          onChange={setOutcome}
          aria-label={t('steps.outcome', 'Outcome')}
        />
      </Field>
    </ReasonDialog>
  );
}

/** Withdrawing, deciding alone, taking back and reporting: what can be done with a recommendation besides voting on it. */
export function OtherSteps({ recommendation, rights, onDone }: Props) {
  const [step, setStep] = useState<Step | null>(null);
  const { id, title } = recommendation;
  const close = () => setStep(null);
  const steps: Record<Step, { text: string; refusal: string | null }> = {
    withdraw: { text: t('steps.withdraw', 'Withdraw'), refusal: rights.operateRefusal },
    'break-glass': {
      text: t('steps.break-glass', 'Decide alone (emergency)'),
      refusal: null,
    },
    revoke: {
      text: t('steps.revoke', 'Take the approval back'),
      refusal: rights.adminRefusal === null ? null : rights.decideRefusal(recommendation),
    },
    outcome: { text: t('steps.report', 'Report the outcome'), refusal: rights.operateRefusal },
  };
  const offered = stepsOf(recommendation, rights);
  return offered.length === 0 ? null : (
    <div>
      <Stack gap={1} wrap="wrap">
        {offered.map((name) => (
          <GuardedButton
            key={name}
            size="sm"
            variant={name === 'outcome' ? 'primary' : 'secondary'}
            fill={name === 'outcome' ? 'solid' : 'text'}
            refusal={steps[name].refusal}
            onClick={() => setStep(name)}
          >
            {steps[name].text}
          </GuardedButton>
        ))}
      </Stack>
      {step === 'withdraw' && (
        <ReasonDialog
          title={t('steps.withdraw-title', 'Withdraw: {{title}}', {
            title: plain(title),
            interpolation: { escapeValue: false },
          })}
          confirm={t('steps.withdraw', 'Withdraw')}
          send={(reason) => withdraw(id, reason)}
          onClose={close}
          onDone={onDone}
        >
          <p>
            {t('steps.withdraw-what', 'It is off the table for everybody. A newer diagnosis may propose it again.')}
          </p>
        </ReasonDialog>
      )}
      {step === 'revoke' && (
        <ReasonDialog
          title={t('steps.revoke-title', 'Take the approval back: {{title}}', {
            title: plain(title),
            interpolation: { escapeValue: false },
          })}
          confirm={t('steps.revoke', 'Take the approval back')}
          isDestructive
          send={(reason) => revoke(id, reason)}
          onClose={close}
          onDone={onDone}
        >
          <p>{t('steps.revoke-what', 'Works as long as nothing was sent; then the action is cancelled for good.')}</p>
        </ReasonDialog>
      )}
      {step === 'break-glass' && <BreakGlass recommendation={recommendation} onDone={onDone} onClose={close} />}
      {step === 'outcome' && <ReportOutcome recommendation={recommendation} onDone={onDone} onClose={close} />}
    </div>
  );
}
