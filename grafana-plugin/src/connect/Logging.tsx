import React, { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { usePluginContext } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Button, ClipboardButton, Field, Icon, Input, Stack, Tab, TabsBar } from '@grafana/ui';
import { PageButton } from '../components/PageButton';
import { capabilitiesQuery } from '../api/capabilities';
import { modelQuery, register } from '../api/models';
import { relative } from '../components/format';
import { Section } from '../components/Section';
import { FailureNotice } from '../components/States';
import { useAction } from '../components/useAction';
import { PAGES } from '../constants';
import { snippetsFor } from './snippets';

/** Lights up when the first logged prediction of a model has arrived. */
function FirstEvent({ model }: { model: string }) {
  const { data } = useQuery(modelQuery(model));
  const atMs = data?.last_prediction_at_ms ?? null;
  return (
    <div role="status" style={{ margin: '8px 0' }}>
      {atMs === null ? (
        <>
          <Icon name="fa fa-spinner" /> {t('logs.waiting', 'Waiting for the first prediction…')}
        </>
      ) : (
        <>
          <Icon name="check-circle" />{' '}
          {t('logs.arrived', 'Predictions arrive: {{count}} so far, the newest {{when}}', {
            count: data?.total_samples ?? 0,
            when: relative(atMs),
          })}
        </>
      )}
    </div>
  );
}

function useExporterAddress(): string {
  const settings: unknown = usePluginContext()?.meta.jsonData;
  const url =
    typeof settings === 'object' && settings !== null && 'exporterUrl' in settings ? settings.exporterUrl : null;
  return typeof url === 'string' && url !== '' ? url.replace(/\/+$/, '') : 'http://mlfi:9899';
}

/** Lines to copy, a tab for each way of sending, and the light that says whether they work. */
export function LoggingLines({ model }: { model: string }) {
  const exporter = useExporterAddress();
  const { data: paths = [] } = useQuery(capabilitiesQuery());
  const snippets = snippetsFor({ exporter, model }, paths);
  const [chosen, setChosen] = useState('python');
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  return (
    <>
      <TabsBar>
        {snippets.map(({ id, name }) => (
          <Tab key={id} label={name} active={id === snippet?.id} onChangeTab={() => setChosen(id)} />
        ))}
      </TabsBar>
      {snippet !== undefined && (
        <div style={{ marginTop: 8 }}>
          <p>{snippet.note}</p>
          <pre style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} tabIndex={0}>
            {snippet.code}
          </pre>
          <ClipboardButton icon="copy" size="sm" variant="secondary" getText={() => snippet.code}>
            {t('logs.copy', 'Copy')}
          </ClipboardButton>
        </div>
      )}
      <p style={{ marginTop: 8 }}>
        <small>
          {t(
            'logs.key',
            'MLFI_KEY is an API key with the scope "ingest". The address is the one Grafana uses; senders elsewhere may need another.'
          )}
        </small>
      </p>
      <FirstEvent model={model} />
    </>
  );
}

/** A model that nobody asks: its predictions are sent to mlfi. */
export function LoggedModel({ refusal }: { refusal: string | null }) {
  const [name, setName] = useState('');
  const [model, setModel] = useState<string | null>(null);
  const { busy, failure, run } = useAction();
  const create = () => run('register', async () => setModel((await register({ name: name.trim() })).id));
  return (
    <Section title={t('logs.title', 'Send predictions instead')}>
      <p>
        {t(
          'logs.what',
          'mlfi need not ask your model: log what it answers, with the features if you can, and the truth when you know it.'
        )}
      </p>
      {model === null ? (
        <Stack gap={1} alignItems="flex-end" wrap="wrap">
          <Field noMargin label={t('logs.name', 'Name of the model')} htmlFor="logged-model-name">
            <Input
              id="logged-model-name"
              value={name}
              maxLength={120}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </Field>
          <Button
            variant="secondary"
            disabled={busy !== null || refusal !== null || name.trim() === ''}
            onClick={() => void create()}
          >
            {t('logs.create', 'Create it')}
          </Button>
        </Stack>
      ) : (
        <>
          <LoggingLines model={model} />
          <PageButton href={PAGES.model(model)}>{t('connect.open', 'Open the model')}</PageButton>
        </>
      )}
      {failure !== null && <FailureNotice failure={failure} />}
    </Section>
  );
}
