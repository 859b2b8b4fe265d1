import React, { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { Badge } from '@grafana/ui';
import { auditQuery } from '../api/audit';
import type { AuditEntry, Recommendation } from '../api/types';
import { DECISION_TEXTS, relative } from '../components/format';
import { Words } from '../components/Words';

const [CHECK, CROSS] = ['✓', '✗'];

const nameOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' ? value.name : null;

/** The audit entry that put a recommendation into its last state: who did it, and why. */
export function endingOf(
  entries: AuditEntry[],
  { id, state }: Pick<Recommendation, 'id' | 'state'>
): { by: string | null; reason: string | null } | null {
  const entry = entries
    .filter(({ body }) => body.kind === 'state' && body.recommendation === id && body.to === state)
    .at(-1);
  return entry === undefined
    ? null
    : { by: nameOf(entry.body.by), reason: typeof entry.body.reason === 'string' ? entry.body.reason : null };
}

function EndingText({ recommendation }: { recommendation: Recommendation }) {
  const { data, error } = useQuery({ ...auditQuery(), refetchInterval: false });
  if (data === undefined) {
    return <p>{error?.message ?? t('outcome.reading', 'Reading the audit log…')}</p>;
  }
  const ending = endingOf(data, recommendation);
  const unknown = t('outcome.not-recorded', 'The audit log has no entry about it.');
  return (
    <p style={{ overflowWrap: 'anywhere' }}>
      {ending === null
        ? unknown
        : t('outcome.ended-by', '{{who}}: {{reason}}', {
            who: ending.by ?? t('outcome.mlfi', 'mlfi'),
            reason: ending.reason ?? t('outcome.no-reason', 'no reason was given'),
            interpolation: { escapeValue: false },
          })}
    </p>
  );
}

const ENDED: ReadonlyArray<Recommendation['state']> = ['withdrawn', 'revoked', 'expired'];

/** Who ended a recommendation without a vote, and why; read from the audit log when somebody asks. */
function Ending({ recommendation }: { recommendation: Recommendation }) {
  const [isOpen, setOpen] = useState(false);
  return ENDED.includes(recommendation.state) ? (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        {t('outcome.who', '{{state}}: by whom, and why', { state: DECISION_TEXTS[recommendation.state]() })}
      </summary>
      {isOpen && <EndingText recommendation={recommendation} />}
    </details>
  ) : null;
}

const EXECUTION_TEXTS: Record<NonNullable<Recommendation['execution']>['state'], () => string> = {
  queued: () => t('execution.queued', 'waiting to start'),
  dispatching: () => t('execution.dispatching', 'being carried out'),
  succeeded: () => t('execution.succeeded', 'carried out'),
  failed: () => t('execution.failed', 'failed'),
  unknown: () => t('execution.unknown', 'outcome unknown'),
  cancelled: () => t('execution.cancelled', 'cancelled'),
};

/** Who voted how, what was carried out, and whether it helped. */
export function Outcome({ recommendation }: { recommendation: Recommendation }) {
  const { state, votes, plan, execution, verification, verification_text, attempts } = recommendation;
  return (
    <div aria-live="polite">
      {votes.map((vote) => (
        <p key={`${vote.by.subject}${vote.at_ms}`} style={{ margin: 0, overflowWrap: 'anywhere' }}>
          <span aria-hidden>{vote.verdict === 'approve' ? CHECK : CROSS} </span>
          {t('decision.vote', '{{who}} {{verdict}} {{when}}: {{reason}}', {
            who: vote.by.name,
            verdict:
              vote.verdict === 'approve'
                ? t('decision.vote-approved', 'approved')
                : t('decision.vote-rejected', 'rejected'),
            when: relative(vote.at_ms),
            reason: vote.reason,
            interpolation: { escapeValue: false },
          })}
          {vote.break_glass !== null && (
            <>
              {' '}
              <Badge
                color="red"
                text={t('decision.alone', 'alone, ticket {{ticket}}', {
                  ticket: vote.break_glass.ticket,
                  interpolation: { escapeValue: false },
                })}
              />
            </>
          )}
        </p>
      ))}
      {state === 'approved' && plan === null && (
        <p style={{ margin: 0 }}>{t('decision.by-hand', 'People carry this out: say below what came of it.')}</p>
      )}
      {execution !== null && (
        <p style={{ margin: 0, overflowWrap: 'anywhere' }}>
          {t('decision.execution', 'Execution by {{executor}}: {{state}}', {
            executor: execution.executor,
            state:
              execution.executor === 'webhook' && execution.state === 'succeeded'
                ? t('execution.taken', 'taken by the receiver')
                : EXECUTION_TEXTS[execution.state](),
          })}
          {execution.detail === '' ? '' : ` – ${execution.detail}`}
          {attempts.length > 1 ? ` (${t('decision.attempts', '{{count}} events', { count: attempts.length })})` : ''}
        </p>
      )}
      {state === 'succeeded' && verification === null && (
        <p style={{ margin: 0 }}>
          <Words>
            {t('decision.verifying', 'Watching whether it helps: {{criteria}}', {
              criteria: verification_text,
              interpolation: { escapeValue: false },
            })}
          </Words>
        </p>
      )}
      {verification !== null && (
        <p style={{ margin: 0 }}>
          {t('decision.verification', 'Verification: {{outcome}}', {
            outcome: DECISION_TEXTS[verification.outcome]().toLowerCase(),
          })}{' '}
          – <Words>{verification.detail}</Words>
        </p>
      )}
      <Ending recommendation={recommendation} />
    </div>
  );
}
