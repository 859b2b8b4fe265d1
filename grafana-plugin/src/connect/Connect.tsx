import React, { useState, type SyntheticEvent } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button, Checkbox, Field, Input, Stack } from '@grafana/ui';
import { PageButton } from '../components/PageButton';
import { discover, register } from '../api/models';
import type { Discovery, FleetModel } from '../api/types';
import { titled } from '../components/format';
import { Page } from '../components/Page';
import { Section, Table } from '../components/Section';
import { FailureNotice, Skeleton } from '../components/States';
import { useAction } from '../components/useAction';
import { useRights } from '../components/useRights';
import { Words } from '../components/Words';
import { PAGES } from '../constants';
import { addressOf } from './address';
import { askingOf, NOTHING_ASKED, problemsOf, type Asking } from './asking';
import { AskingForm } from './AskingForm';
import { readOf } from './answer';
import { LoggedModel, LoggingLines } from './Logging';
import { explanationOf, isMendedByAsking } from './not-found';

type Found = Extract<Discovery, { kind: 'found' }>;
type Watched = Pick<FleetModel, 'id' | 'name'>;
interface Asked {
  address: string;
  asking: Asking;
}

function Attempts({ attempts }: Pick<Discovery, 'attempts'>) {
  return (
    <Table
      head={[
        t('connect.asked', 'Asked as'),
        t('connect.address', 'Address'),
        t('connect.what', 'With'),
        t('connect.outcome', 'What came back'),
      ]}
      rows={attempts.map(({ connector, url, what, outcome }, index) => ({
        key: String(index),
        cells: [titled(connector), <code key="u">{url}</code>, what, outcome],
      }))}
    />
  );
}

/** One answer: what was sent, and what was read from what came back. */
function OneAnswer({ found }: { found: Found }) {
  return (
    <>
      <p>{t('connect.answer', 'One real answer, and what was read from it:')}</p>
      <Table
        head={[t('connect.field', 'Field'), t('connect.value', 'Value')]}
        rows={[
          {
            key: 'sent',
            cells: [t('connect.sent', 'Sent'), <code key="s">{JSON.stringify(found.payloads[0])}</code>],
          },
          ...readOf(found.answer).map(({ name, value }) => ({ key: name, cells: [name, value] })),
        ]}
      />
      <details>
        <summary>{t('connect.attempts', 'What was tried')}</summary>
        <Attempts attempts={found.attempts} />
      </details>
    </>
  );
}

function Policy({
  found,
  asked: { address, asking },
  onWatched,
}: {
  found: Found;
  asked: Asked;
  onWatched: (model: Watched) => void;
}) {
  const [name, setName] = useState('');
  const [owner, setOwner] = useState('');
  const [tags, setTags] = useState('');
  const [intervalSeconds, setIntervalSeconds] = useState(60);
  const [timeoutSeconds, setTimeoutSeconds] = useState(0);
  const [golden, setGolden] = useState<number[]>(found.payloads.map((_, index) => index).slice(0, 5));
  const { busy, failure, run } = useAction();
  const watch = (event: SyntheticEvent) => {
    event.preventDefault();
    const words = tags
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean);
    void run('register', async () =>
      onWatched(
        await register({
          url: address,
          ...asking,
          connector: found.endpoint.connector,
          ...(timeoutSeconds > 0 ? { timeout_seconds: timeoutSeconds } : {}),
          ...(name.trim() === '' ? {} : { name: name.trim() }),
          ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
          ...(words.length === 0 ? {} : { tags: words }),
          ...(golden.length === 0 ? {} : { golden_inputs: golden.map((index) => found.payloads[index] ?? null) }),
          interval_seconds: intervalSeconds,
        })
      )
    );
  };
  return (
    <form onSubmit={watch}>
      <Section title={t('connect.golden', 'Golden inputs: asked in every round; their answers must not change')}>
        {found.payloads.map((payload, index) => (
          <div key={index}>
            <Checkbox
              label={JSON.stringify(payload).slice(0, 160)}
              value={golden.includes(index)}
              onChange={() =>
                setGolden(golden.includes(index) ? golden.filter((other) => other !== index) : [...golden, index])
              }
            />
          </div>
        ))}
      </Section>
      <Section title={t('connect.policy', 'Whose it is and how often it is asked')}>
        <Stack gap={2} wrap="wrap">
          <Field label={t('connect.name', 'Name')} htmlFor="model-name">
            <Input
              id="model-name"
              value={name}
              maxLength={120}
              placeholder={t('connect.name-hint', 'made from the address')}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </Field>
          <Field label={t('connect.owner', 'Owner')} htmlFor="model-owner">
            <Input
              id="model-owner"
              value={owner}
              maxLength={120}
              onChange={(event) => setOwner(event.currentTarget.value)}
            />
          </Field>
          <Field label={t('connect.tags', 'Tags, separated by commas')} htmlFor="model-tags">
            <Input id="model-tags" value={tags} onChange={(event) => setTags(event.currentTarget.value)} />
          </Field>
          <Field label={t('connect.interval', 'Seconds between rounds')} htmlFor="model-interval">
            <Input
              id="model-interval"
              type="number"
              min={1}
              max={86_400}
              value={intervalSeconds}
              onChange={(event) => setIntervalSeconds(Math.max(1, Math.round(Number(event.currentTarget.value))))}
            />
          </Field>
          <Field label={t('connect.timeout', 'Seconds it may take to answer')} htmlFor="model-timeout">
            <Input
              id="model-timeout"
              type="number"
              min={1}
              max={300}
              value={timeoutSeconds > 0 ? timeoutSeconds : ''}
              placeholder={t('connect.timeout-hint', 'as for the others')}
              onChange={(event) => setTimeoutSeconds(Math.round(Number(event.currentTarget.value)))}
            />
          </Field>
        </Stack>
        {failure !== null && <FailureNotice failure={failure} />}
        <Button type="submit" disabled={busy !== null}>
          {busy === null ? t('connect.watch', 'Watch this model') : t('connect.starting', 'Starting…')}
        </Button>
      </Section>
    </form>
  );
}

function NotFound({ discovery }: { discovery: Extract<Discovery, { kind: 'not-found' }> }) {
  const { title, text } = explanationOf(discovery);
  return (
    <Section title={t('connect.tried', 'No model answered')}>
      <Alert severity="error" title={title}>
        <Words>{text}</Words>
      </Alert>
      <Attempts attempts={discovery.attempts} />
    </Section>
  );
}

/** From an address, or from logged predictions, to a watched model, without leaving the page. */
function Connect() {
  const { operateRefusal } = useRights();
  const [typed, setTyped] = useState('');
  const [fields, setFields] = useState(NOTHING_ASKED);
  const [isOpen, setOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>({ address: '', asking: {} });
  const [discovery, setDiscovery] = useState<Discovery | null>(null);
  const [watched, setWatched] = useState<Watched | null>(null);
  const { busy, failure, run } = useAction();
  const address = addressOf(typed);
  const problems = problemsOf(fields);
  const find = (event: SyntheticEvent) => {
    event.preventDefault();
    if (address === null) {
      return;
    }
    setDiscovery(null);
    setWatched(null);
    const asking = askingOf(fields);
    setAsked({ address, asking });
    void run('discover', async () => {
      const told = await discover({ url: address, ...asking });
      setDiscovery(told);
      setOpen((before) => before || (told.kind === 'not-found' && isMendedByAsking(told)));
    });
  };
  return (
    <Page subTitle={t('connect.subtitle', 'Paste an address, or send what the model answers')}>
      {operateRefusal !== null && <Alert severity="info" title={operateRefusal} />}
      <Section title={t('connect.where', 'Where is the model?')}>
        <form onSubmit={find} style={{ maxWidth: 720 }}>
          <Field
            label={t('connect.url', 'Address of the model')}
            htmlFor="model-url"
            invalid={typed !== '' && address === null}
            error={t('connect.url-wrong', 'An address starts with http:// or https://')}
            description={t(
              'connect.url-hint',
              'As the exporter reaches it: a REST endpoint, a Hugging Face model or Space, MLflow, TorchServe, BentoML, or an Open Inference server'
            )}
          >
            <Input
              id="model-url"
              value={typed}
              placeholder={t('connect.url-example', 'https://models.example.org/fraud/predict')}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          </Field>
          <details
            open={isOpen}
            onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
            style={{ marginBottom: 16 }}
          >
            <summary>{t('connect.how', 'How to ask it: key, payload, where the answer is')}</summary>
            <div style={{ marginTop: 8 }}>
              <AskingForm fields={fields} problems={problems} onChange={setFields} />
            </div>
          </details>
          <Button
            type="submit"
            disabled={busy !== null || operateRefusal !== null || address === null || Object.keys(problems).length > 0}
          >
            {busy === null ? t('connect.find', 'Find out how to ask it') : t('connect.finding', 'Asking…')}
          </Button>
        </form>
      </Section>
      {busy !== null && <Skeleton rows={4} />}
      {failure !== null && <FailureNotice failure={failure} />}
      {discovery?.kind === 'not-found' && <NotFound discovery={discovery} />}
      {discovery?.kind === 'found' && watched === null && (
        <>
          <Section
            title={t('connect.found', 'Found: {{connector}}', { connector: titled(discovery.endpoint.connector) })}
          >
            <OneAnswer found={discovery} />
          </Section>
          <Policy found={discovery} asked={asked} onWatched={setWatched} />
        </>
      )}
      {watched !== null && (
        <>
          <Alert
            severity="success"
            title={t('connect.watching', '{{name}} is watched and learning what is normal', {
              name: watched.name,
              interpolation: { escapeValue: false },
            })}
          >
            <PageButton href={PAGES.model(watched.id)}>{t('connect.open', 'Open the model')}</PageButton>
          </Alert>
          <Section title={t('connect.logs', 'Next: send its real predictions and labels')}>
            <LoggingLines model={watched.id} />
          </Section>
        </>
      )}
      {watched === null && discovery?.kind !== 'found' && <LoggedModel refusal={operateRefusal} />}
    </Page>
  );
}

export default Connect;
