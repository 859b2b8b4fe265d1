import React, { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { Stack } from '@grafana/ui';
import { feedbackQuery, giveFeedback } from '../api/incidents';
import { relative } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';

/** Whether the alert was useful: what people said, and the way to say it. */
export function Feedback({ incidentId, refusal }: { incidentId: string; refusal: string | null }) {
  const { data: feedback = [] } = useQuery(feedbackQuery(incidentId));
  const [says, setSays] = useState<boolean | null>(null);
  const [useful, notUseful] = [t('feedback.useful', 'Useful'), t('feedback.not-useful', 'Not useful')];
  return (
    <>
      <Stack gap={1} alignItems="center" wrap="wrap">
        <GuardedButton size="sm" variant="secondary" icon="bell" refusal={refusal} onClick={() => setSays(true)}>
          {useful}
        </GuardedButton>
        <GuardedButton size="sm" variant="secondary" icon="bell-slash" refusal={refusal} onClick={() => setSays(false)}>
          {notUseful}
        </GuardedButton>
      </Stack>
      {feedback.length > 0 && (
        <ul style={{ listStyle: 'none', marginTop: 4 }}>
          {feedback.map(({ by, useful: wasUseful, reason, at_ms }) => (
            <li key={`${by.subject}${at_ms}`} style={{ overflowWrap: 'anywhere' }}>
              {t('feedback.said', '{{who}}, {{when}}: {{verdict}} – {{reason}}', {
                who: by.name,
                when: relative(at_ms),
                verdict: wasUseful ? useful : notUseful,
                reason,
                interpolation: { escapeValue: false },
              })}
            </li>
          ))}
        </ul>
      )}
      {says !== null && (
        <ReasonDialog
          title={
            says
              ? t('feedback.useful-title', 'This alert was useful')
              : t('feedback.not-useful-title', 'This alert was not useful')
          }
          confirm={t('feedback.confirm', 'Send')}
          send={(reason) => giveFeedback(incidentId, says, reason)}
          onClose={() => setSays(null)}
        >
          <p>
            {says
              ? t(
                  'feedback.useful-what',
                  'Where alerts of this model were called not useful before, the next one needs less evidence again.'
                )
              : t(
                  'feedback.not-useful-what',
                  'When most say so, the next alert of this model needs twice the evidence. Failures that speak for themselves, such as an endpoint that does not answer, alert as before.'
                )}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
