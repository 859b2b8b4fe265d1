import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Stack } from '@grafana/ui';
import { exporter } from '../api/client';
import { useLive } from '../api/useLive';
import { relative } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';

/** Whether it was worth being called for: what people said, and the way to say it. */
export function PageOpinions({ incidentId, refusal }: { incidentId: string; refusal: string | null }) {
  const live = useLive(`opinions/${incidentId}`, () => exporter.opinions(incidentId), 15_000);
  const [says, setSays] = useState<boolean | null>(null);
  const opinions = live.data ?? [];
  return (
    <>
      <Stack gap={1} alignItems="center" wrap="wrap">
        <span>{t('opinions.question', 'Was it right to page you for this?')}</span>
        <GuardedButton size="sm" variant="secondary" icon="bell" refusal={refusal} onClick={() => setSays(true)}>
          {t('opinions.useful', 'Useful')}
        </GuardedButton>
        <GuardedButton size="sm" variant="secondary" icon="bell-slash" refusal={refusal} onClick={() => setSays(false)}>
          {t('opinions.not-useful', 'Not useful')}
        </GuardedButton>
      </Stack>
      {opinions.length > 0 && (
        <ul style={{ listStyle: 'none', marginTop: 4 }}>
          {opinions.map(({ by, useful, reason, atMs }) => (
            <li key={`${by.subject}${atMs}`} style={{ overflowWrap: 'anywhere' }}>
              {t('opinions.said', '{{who}}, {{when}}: {{verdict}} – {{reason}}', {
                who: by.name,
                when: relative(atMs),
                verdict: useful ? t('opinions.useful', 'Useful') : t('opinions.not-useful', 'Not useful'),
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
              ? t('opinions.useful-title', 'This page was useful')
              : t('opinions.not-useful-title', 'This page was not useful')
          }
          confirm={t('opinions.confirm', 'Say so')}
          send={(reason) => exporter.judgePage(incidentId, says, reason)}
          onClose={() => setSays(null)}
          onDone={live.refresh}
        >
          <p>
            {says
              ? t(
                  'opinions.useful-what',
                  'Where pages of this model were called not useful before, the next one needs less evidence again.'
                )
              : t(
                  'opinions.not-useful-what',
                  'When most say so, the next page of this model needs twice the evidence. Failures that speak for themselves, such as an endpoint that does not answer, page as before.'
                )}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
