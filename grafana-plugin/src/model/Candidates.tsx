import React, { useState, type SyntheticEvent } from 'react';
import { t } from '@grafana/i18n';
import { Badge, Field, Input, RadioButtonGroup, Spinner, Stack, type BadgeColor } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { validate, validationsQuery } from '../api/models';
import type { Validation } from '../api/types';
import { moment, relative } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { Section, Table } from '../components/Section';
import { FailureNotice, QueryView } from '../components/States';
import { useAction } from '../components/useAction';

const COLOURS: Record<NonNullable<Validation['verdict']>, BadgeColor> = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'orange',
};
const isAddress = (text: string) => /^https?:\/\/[^\s/]+/.test(text);
const SHOWN = 5;

function Verdict({ validation: { state, verdict } }: { validation: Validation }) {
  if (state === 'running') {
    return (
      <span role="status">
        <Spinner inline /> {t('candidates.running', 'being tried')}
      </span>
    );
  }
  return verdict === null ? (
    <Badge color="darkgrey" text={t('candidates.broke-off', 'broke off')} />
  ) : (
    <Badge color={COLOURS[verdict]} text={verdict} />
  );
}

/** Tries another version of the model against the one in service before anybody is asked to put it there. */
export function Candidates({ modelId, operateRefusal }: { modelId: string; operateRefusal: string | null }) {
  const validations = useQuery(validationsQuery(modelId));
  const [address, setAddress] = useState('');
  const [purpose, setPurpose] = useState<'replace' | 'restore'>('replace');
  const { busy, failure, run } = useAction();
  const isRunning = validations.data?.some(({ state }) => state === 'running') ?? false;
  const refusal =
    operateRefusal ??
    (isRunning
      ? t('candidates.one-at-a-time', 'One at a time: wait for the verdict of the one that runs.')
      : isAddress(address)
        ? null
        : t('candidates.no-address', 'Enter the address of the candidate first.'));
  const start = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (
      refusal === null &&
      (await run('validate', () => validate(modelId, { candidate_url: address.trim(), purpose })))
    ) {
      setAddress('');
    }
  };
  return (
    <Section id="candidates" title={t('candidates.title', 'Try a candidate version before it is deployed')}>
      <form onSubmit={start}>
        <Stack gap={2} wrap="wrap" alignItems="flex-end">
          <Field
            noMargin
            label={t('candidates.address', 'Address of the candidate')}
            htmlFor="candidate-url"
            invalid={address !== '' && !isAddress(address)}
            error={t('connect.url-wrong', 'An address starts with http:// or https://')}
          >
            <Input
              id="candidate-url"
              width={50}
              value={address}
              placeholder={t('candidates.example', 'https://models.example.org/fraud/v8')}
              onChange={(event) => setAddress(event.currentTarget.value)}
            />
          </Field>
          <Field noMargin label={t('candidates.purpose', 'Purpose')}>
            <RadioButtonGroup
              aria-label={t('candidates.purpose', 'Purpose')}
              value={purpose}
              onChange={setPurpose}
              options={[
                {
                  value: 'replace' as const,
                  label: t('candidates.replace', 'answer as now, or better'),
                  description: t('candidates.replace-what', 'Compared with the model in service'),
                },
                {
                  value: 'restore' as const,
                  label: t('candidates.restore', 'answer as before the failure'),
                  description: t('candidates.restore-what', 'Compared with the baseline'),
                },
              ]}
            />
          </Field>
          <GuardedButton type="submit" icon="play" disabled={busy !== null} refusal={refusal}>
            {t('candidates.start', 'Try it')}
          </GuardedButton>
        </Stack>
      </form>
      {failure !== null && <FailureNotice failure={failure} />}
      <QueryView query={validations} rows={2}>
        {(tried) =>
          tried.length === 0 ? (
            <p style={{ marginTop: 8 }}>
              {t(
                'candidates.none',
                'No candidate was tried yet. Golden, live and generated inputs are put to both; a passed candidate lets mlfi recommend to deploy it.'
              )}
            </p>
          ) : (
            <Table
              head={[
                t('candidates.when', 'When'),
                t('candidates.candidate', 'Candidate'),
                t('candidates.verdict', 'Verdict'),
                t('candidates.reasons', 'Why'),
                t('candidates.calls', 'Calls'),
                t('candidates.by', 'Asked for by'),
              ]}
              rows={tried.slice(0, SHOWN).map((validation) => ({
                key: validation.id,
                cells: [
                  <span key="w" title={moment(validation.started_at_ms)}>
                    {relative(validation.started_at_ms)}
                  </span>,
                  <span key="c">
                    <code>{validation.candidate_url}</code>
                    {validation.candidate_version === null ? '' : ` (${validation.candidate_version})`}
                  </span>,
                  <Verdict key="v" validation={validation} />,
                  <span key="r">
                    {validation.reasons.join(' ') || '–'}
                    {validation.criteria.length > 0 && (
                      <details>
                        <summary>
                          {t('candidates.criteria', '{{count}} criteria', { count: validation.criteria.length })}
                        </summary>
                        <ul style={{ paddingLeft: 18 }}>
                          {validation.criteria.map(({ name, verdict, text }) => (
                            <li key={name}>
                              <strong>{name}</strong>: {verdict} – {text}
                            </li>
                          ))}
                        </ul>
                      </details>
                    )}
                  </span>,
                  validation.calls,
                  validation.requested_by,
                ],
              }))}
            />
          )
        }
      </QueryView>
    </Section>
  );
}
