import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Badge, Button, Stack } from '@grafana/ui';
import { reportOutcome, vote, withdraw } from '../api/decisions';
import type { Recommendation } from '../api/types';
import { Outcome } from '../approvals/Outcome';
import { riskText, Steps } from '../approvals/Decision';
import { refusalOf } from '../approvals/vote-rules';
import { DECISION_COLOURS, DECISION_TEXTS } from '../components/format';
import { ReasonDialog } from '../components/ReasonDialog';
import type { Rights } from '../components/useRights';
import { plain, Words } from '../components/Words';

/**
 * Records that people did it. The exporter wants advice approved before it takes an outcome, so whoever did it also signs for it;
 * where more people are asked for, it waits for them.
 */
async function markDone({ id, digest, state }: Recommendation, what: string): Promise<void> {
  const approved =
    state === 'pending' ? await vote({ recommendation_id: id, digest, verdict: 'approve', reason: what }) : { state };
  if (approved.state === 'approved') {
    await reportOutcome(id, 'succeeded', what);
  }
}

const OPEN: ReadonlyArray<Recommendation['state']> = ['pending', 'approved'];

/** Advice: something people do. Nothing is executed, so there is nothing to approve; it is done, or it is not needed. */
export function Todo({ recommendation, rights }: { recommendation: Recommendation; rights: Rights }) {
  const [asks, setAsks] = useState<'done' | 'not-needed' | null>(null);
  const { id, title, steps, why, risk, state, action, track_record } = recommendation;
  const isOpen = OPEN.includes(state);
  const refusal = rights.operateRefusal ?? (state === 'pending' ? refusalOf(recommendation, rights) : null);
  return (
    <article
      aria-label={plain(title)}
      data-testid={`todo-${action}`}
      data-state={state}
      data-id={id}
      style={{ padding: '8px 0' }}
    >
      <Stack gap={1} wrap="wrap" alignItems="center">
        <strong style={{ overflowWrap: 'anywhere' }}>{plain(title)}</strong>
        <Badge text={t('todo.advice', 'For people to do')} color="blue" />
        {!isOpen && <Badge text={DECISION_TEXTS[state]()} color={DECISION_COLOURS[state]} />}
      </Stack>
      <p style={{ margin: '4px 0', overflowWrap: 'anywhere' }}>
        <Words>{why}</Words>
      </p>
      <Steps steps={steps} />
      <p style={{ margin: '4px 0' }}>
        <small>
          {t('todo.risk', 'Risk')}: <Words>{riskText(risk)}</Words>
          {track_record === null
            ? ''
            : ` · ${t('decision.helped', 'Helped {{helped}} of {{tried}} times in similar incidents', { helped: track_record.helped, tried: track_record.tried })}`}
        </small>
      </p>
      <Outcome recommendation={recommendation} />
      {isOpen && (
        <Stack gap={1} wrap="wrap" alignItems="center">
          {refusal === null && (
            <Button size="sm" variant="secondary" icon="check" onClick={() => setAsks('done')}>
              {t('todo.done', 'Done')}
            </Button>
          )}
          {rights.operateRefusal === null && state === 'pending' && (
            <Button size="sm" variant="secondary" fill="text" onClick={() => setAsks('not-needed')}>
              {t('todo.not-needed', 'Not needed')}
            </Button>
          )}
          {refusal !== null && <small role="note">{refusal}</small>}
        </Stack>
      )}
      {asks === 'done' && (
        <ReasonDialog
          title={t('todo.done-title', 'Done: {{title}}', {
            title: plain(title),
            interpolation: { escapeValue: false },
          })}
          confirm={t('todo.done', 'Done')}
          reasonLabel={t('todo.what', 'What was done')}
          send={(what) => markDone(recommendation, what)}
          onClose={() => setAsks(null)}
        >
          <p>{t('todo.done-what', 'Whether it helped is not asked: mlfi watches that itself.')}</p>
        </ReasonDialog>
      )}
      {asks === 'not-needed' && (
        <ReasonDialog
          title={t('todo.not-needed-title', 'Not needed: {{title}}', {
            title: plain(title),
            interpolation: { escapeValue: false },
          })}
          confirm={t('todo.not-needed', 'Not needed')}
          send={(reason) => withdraw(id, reason)}
          onClose={() => setAsks(null)}
        >
          <p>{t('todo.not-needed-what', 'It leaves the list for everybody. A newer diagnosis may bring it back.')}</p>
        </ReasonDialog>
      )}
    </article>
  );
}
