import React, { useState, type SyntheticEvent } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button, Checkbox, Field, Input, LinkButton, Stack } from '@grafana/ui';
import { exporter, failureOf, type Failure } from '../api/client';
import type { Discovery, FleetModel } from '../api/types';
import { Page } from '../components/Page';
import { Section, Table } from '../components/Section';
import { FailureNotice, Skeleton } from '../components/States';
import { useRights } from '../components/useRights';
import { PAGES } from '../constants';

type Found = Extract<Discovery, { kind: 'found' }>;
const isAddress = (text: string) => /^https?:\/\/[^\s/]+/.test(text);

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
        cells: [connector, <code key="u">{url}</code>, what, outcome],
      }))}
    />
  );
}

function Policy({
  found,
  address,
  onWatched,
}: {
  found: Found;
  address: string;
  onWatched: (model: FleetModel) => void;
}) {
  const [name, setName] = useState('');
  const [owner, setOwner] = useState('');
  const [tags, setTags] = useState('');
  const [intervalSeconds, setIntervalSeconds] = useState(60);
  const [golden, setGolden] = useState<number[]>(found.payloads.map((_, index) => index).slice(0, 5));
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const watch = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      const words = tags
        .split(',')
        .map((word) => word.trim())
        .filter(Boolean);
      onWatched(
        await exporter.register({
          url: address,
          connector: found.endpoint.connector,
          ...(name.trim() === '' ? {} : { name: name.trim() }),
          ...(owner.trim() === '' ? {} : { owner: owner.trim() }),
          ...(words.length === 0 ? {} : { tags: words }),
          ...(golden.length === 0 ? {} : { golden_inputs: golden.map((index) => found.payloads[index]) }),
          interval_seconds: intervalSeconds,
        })
      );
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
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
        </Stack>
        {failure !== null && <FailureNotice failure={failure} />}
        <Button type="submit" disabled={busy}>
          {busy ? t('connect.starting', 'Starting…') : t('connect.watch', 'Watch this model')}
        </Button>
      </Section>
    </form>
  );
}

/** From an address to a watched model, without leaving the page. */
function Connect() {
  const { operateRefusal } = useRights();
  const [address, setAddress] = useState('');
  const [asked, setAsked] = useState('');
  const [busy, setBusy] = useState(false);
  const [discovery, setDiscovery] = useState<Discovery | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [watched, setWatched] = useState<FleetModel | null>(null);
  const isWrong = address !== '' && !isAddress(address);
  const find = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setDiscovery(null);
    setFailure(null);
    setWatched(null);
    setAsked(address.trim());
    try {
      setDiscovery(await exporter.discover(address.trim()));
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page
      title={t('connect.title', 'Connect a model')}
      subTitle={t('connect.subtitle', 'Paste an address; mlfi finds out how to ask it')}
    >
      {operateRefusal !== null && <Alert severity="info" title={operateRefusal} />}
      <Section title={t('connect.where', 'Where is the model?')}>
        <form onSubmit={find}>
          <Field
            label={t('connect.url', 'Address of the model')}
            htmlFor="model-url"
            invalid={isWrong}
            error={t('connect.url-wrong', 'An address starts with http:// or https://')}
            description={t(
              'connect.url-hint',
              'As the exporter reaches it: a REST endpoint, a Hugging Face model or Space, MLflow, TorchServe, BentoML, or an Open Inference server'
            )}
          >
            <Input
              id="model-url"
              width={80}
              value={address}
              placeholder={t('connect.url-example', 'https://models.example.org/fraud/predict')}
              onChange={(event) => setAddress(event.currentTarget.value)}
            />
          </Field>
          <Button type="submit" disabled={busy || operateRefusal !== null || !isAddress(address)}>
            {busy ? t('connect.finding', 'Asking…') : t('connect.find', 'Find out how to ask it')}
          </Button>
        </form>
      </Section>
      {busy && <Skeleton rows={4} />}
      {failure !== null && <FailureNotice failure={failure} />}
      {discovery?.kind === 'not-found' && (
        <Section title={t('connect.tried', 'No model answered; this was tried')}>
          <Alert severity="error" title={t('connect.nobody', 'Nothing at this address answers like a model')}>
            {String(discovery.failure.message ?? discovery.failure.detail ?? discovery.failure.reason ?? '')}
          </Alert>
          <Attempts attempts={discovery.attempts} />
        </Section>
      )}
      {discovery?.kind === 'found' && watched === null && (
        <>
          <Section title={t('connect.found', 'Found: {{connector}}', { connector: discovery.endpoint.connector })}>
            <p>{t('connect.answer', 'One real answer:')}</p>
            <pre style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {JSON.stringify(discovery.payloads[0])}
              {'\n→ '}
              {JSON.stringify(discovery.answer).slice(0, 1000)}
            </pre>
            <details>
              <summary>{t('connect.attempts', 'What was tried')}</summary>
              <Attempts attempts={discovery.attempts} />
            </details>
          </Section>
          <Policy found={discovery} address={asked} onWatched={setWatched} />
        </>
      )}
      {watched !== null && (
        <Alert
          severity="success"
          title={t('connect.watching', '{{name}} is watched and learning what is normal', { name: watched.name })}
        >
          <LinkButton href={PAGES.model(watched.id)}>{t('connect.open', 'Open the model')}</LinkButton>
        </Alert>
      )}
    </Page>
  );
}

export default Connect;
