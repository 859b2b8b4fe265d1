import React, { useMemo, useState } from 'react';
import { useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { config } from '@grafana/runtime';
import { Badge, Button, ConfirmModal, LinkButton, Stack, TextLink, Tooltip } from '@grafana/ui';
import { downloadUrl, exporter, failureOf, type Failure } from '../api/client';
import type { ModelDetail } from '../api/types';
import { useLive } from '../api/useLive';
import { figure, moment, percent, relative, seconds, SEVERITY_COLOURS, STATE_COLOURS } from '../components/format';
import { Page } from '../components/Page';
import { Plot } from '../components/Plot';
import { Section, Table } from '../components/Section';
import { FailureNotice, LiveView } from '../components/States';
import { useRights } from '../components/useRights';
import { PAGES } from '../constants';
import { Distributions, DriftTable } from './Drift';
import { parseAggregates } from './histogram';

const count = (value: number) => String(Math.round(value));
const unit = (value: number) => figure(value, 2);

/** Explore with the model's confidence as this exporter names it. */
export function exploreUrl(modelId: string, datasource: string): string {
  const expr = `mlfi_model_window_confidence_ratio{model_name="${modelId}"}`;
  const panes = { mlfi: { datasource, queries: [{ refId: 'A', expr, datasource: { type: 'prometheus', uid: datasource } }], range: { from: 'now-6h', to: 'now' } } };
  return `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

function Charts({ csv }: { csv: string }) {
  const { atMs, columns } = useMemo(() => parseAggregates(csv), [csv]);
  const share = useMemo(() => columns.calls?.map((calls, index) => (calls ? (columns.failures[index] ?? 0) / calls : null)) ?? [], [columns]);
  if (atMs.length < 2) {
    return <p>{t('model.no-charts', 'The first windows are being filled; charts follow.')}</p>;
  }
  const charts: Array<[string, Array<number | null>, (value: number) => string]> = [
    [t('model.confidence', 'Confidence (mean)'), columns.confidence_mean, unit],
    [t('model.errors', 'Failed calls (share)'), share, percent],
    [t('model.latency', 'Latency (median)'), columns.latency_p50_seconds, seconds],
    [t('model.samples', 'Samples per window'), columns.calls, count],
  ];
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(min(320px, 100%), 1fr))', gap: 16 }}>
      {charts.map(([name, values, format]) => (
        <div key={name} style={{ minWidth: 0 }}>
          <strong>{name}</strong>
          <Plot label={name} x={atMs} isTime style="line" height={130} softMax={format === percent ? 0.1 : undefined} formatY={format} series={[{ name, values, colour: 'now' }]} />
        </div>
      ))}
    </div>
  );
}

function Figures({ model }: { model: ModelDetail }) {
  const { baseline } = model;
  const facts: Array<[string, React.ReactNode]> = [
    [t('model.state', 'State'), <Badge key="s" text={model.state} color={STATE_COLOURS[model.state]} />],
    [t('model.severity', 'Severity'), <Badge key="v" text={model.severity} color={SEVERITY_COLOURS[model.severity]} />],
    [t('fleet.confidence', 'Confidence'), figure(model.confidence_mean)],
    [t('fleet.errors', 'Errors'), percent(model.error_share)],
    [t('fleet.latency', 'Latency p50'), seconds(model.latency_p50_seconds)],
    [t('fleet.samples', 'Samples'), model.total_samples.toLocaleString('en-US')],
    [t('fleet.baseline', 'Baseline'), baseline.state === 'learning' ? t('model.learning', 'learning: {{have}} of {{need}}', { have: baseline.samples ?? 0, need: baseline.required_samples ?? '?' }) : `${baseline.state} v${baseline.version ?? '–'}`],
    [t('fleet.budget', 'False-page budget left'), percent(model.evidence.budget_left)],
    [t('fleet.probe', 'Last probe'), relative(model.last_probe_at_ms)],
    [t('model.version', 'Version'), model.version ?? '–'],
    [t('model.owner', 'Owner'), model.owner ?? '–'],
  ];
  return (
    <dl style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(120px, 1fr))', gap: 12 }}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt style={{ fontWeight: 400, opacity: 0.8 }}>{name}</dt>
          <dd style={{ fontSize: 16, overflowWrap: 'anywhere' }}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Golden({ model }: { model: ModelDetail }) {
  const moved = model.findings.filter(({ subject }) => subject === 'golden');
  return (
    <Section title={t('model.golden', 'Golden inputs: same questions, same answers?')}>
      {moved.length === 0 ? <p>{t('model.golden-same', 'The answers are those of the baseline.')}</p> : moved.map(({ sentence }) => <p key={sentence}>{sentence}</p>)}
      <Table head={[t('model.golden-id', 'Input'), t('model.golden-origin', 'Chosen by')]} rows={model.golden_inputs.map(({ id, origin }) => ({ key: id, cells: [<code key="id">{id}</code>, origin === 'user' ? t('model.by-you', 'you') : t('model.by-mlfi', 'mlfi')] }))} />
    </Section>
  );
}

/** One model: what it does now, against what was normal. */
function ModelPage() {
  const { id = '' } = useParams();
  const live = useLive(`model/${id}`, () => exporter.model(id));
  const distributions = useLive(`distributions/${id}`, () => exporter.distributions(id), 5_000);
  const aggregates = useLive(`aggregates/${id}`, () => exporter.aggregates(id), 5_000);
  const { operateRefusal } = useRights();
  const [asks, setAsks] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const model = live.data;
  const act = async (send: () => Promise<unknown>) => {
    setBusy(true);
    setFailure(null);
    try {
      await send();
    } catch (error) {
      setFailure(failureOf(error));
    } finally {
      setBusy(false);
      live.refresh();
    }
  };
  const prometheus = Object.values(config.datasources).find(({ type }) => type === 'prometheus');
  const guarded = (button: React.ReactElement) => (operateRefusal === null ? button : <Tooltip content={operateRefusal}><span>{button}</span></Tooltip>);
  const isPaused = model?.state === 'paused';
  const actions = (
    <Stack gap={1} wrap="wrap">
      {guarded(<Button variant="secondary" icon={isPaused ? 'play' : 'pause'} disabled={model === null || busy || operateRefusal !== null} onClick={() => act(() => exporter.setPaused(id, !isPaused))}>{isPaused ? t('model.start', 'Start') : t('model.pause', 'Pause')}</Button>)}
      {guarded(<Button variant="secondary" icon="sync" disabled={model === null || busy || operateRefusal !== null} onClick={() => setAsks(true)}>{t('model.relearn', 'Learn a new baseline')}</Button>)}
      <LinkButton variant="secondary" icon="download-alt" href={downloadUrl.aggregates(id)} target="_blank">CSV</LinkButton>
      <LinkButton variant="secondary" icon="apps" href={`/d/mlfi-model?var-model=${encodeURIComponent(id)}`}>{t('model.dashboard', 'Dashboard')}</LinkButton>
      <LinkButton variant="secondary" icon="compass" href={exploreUrl(id, prometheus?.uid ?? 'prometheus')}>{t('model.explore', 'Explore')}</LinkButton>
    </Stack>
  );
  return (
    <Page title={model?.name ?? id} subTitle={model?.url ?? undefined} actions={actions}>
      {operateRefusal !== null && <p role="note">{operateRefusal}</p>}
      {failure !== null && <FailureNotice failure={failure} />}
      <ConfirmModal
        isOpen={asks}
        title={t('model.relearn', 'Learn a new baseline')}
        body={t('model.relearn-body', 'From now on what the model does counts as normal once it is learnt. Until then only outright failures are noticed. Do this after a wanted change, never to silence an incident.')}
        confirmText={t('model.relearn-confirm', 'Learn again')}
        onConfirm={() => {
          setAsks(false);
          void act(() => exporter.relearn(id, 'asked for on the model page in Grafana'));
        }}
        onDismiss={() => setAsks(false)}
      />
      <LiveView live={live} rows={12}>
        {(detail) => (
          <>
            <Section title={t('model.figures', 'Now')}>
              {detail.incident_id !== null && (
                <p style={{ fontSize: 16 }}><TextLink href={PAGES.incident(detail.incident_id)}>{detail.headline ?? t('fleet.incident', 'Open incident')}</TextLink></p>
              )}
              <Figures model={detail} />
              {detail.evaluated_at_ms !== null && <small title={moment(detail.evaluated_at_ms)}>{t('model.judged', 'judged {{when}} on {{count}} samples', { when: relative(detail.evaluated_at_ms), count: detail.window_samples })}</small>}
            </Section>
            <Section title={t('model.over-time', 'Over time')}>
              <LiveView live={aggregates} rows={4}>{(csv) => <Charts csv={csv} />}</LiveView>
            </Section>
            <Section title={t('model.drift', 'What differs from the baseline')}><DriftTable model={detail} /></Section>
            <LiveView live={distributions} rows={6}>{(signals) => <Distributions signals={signals} findings={detail.findings} />}</LiveView>
            <Golden model={detail} />
            {detail.blind_spots.length > 0 && (
              <Section title={t('model.blind', 'What could not be checked')}>
                <ul style={{ paddingLeft: 18 }}>{detail.blind_spots.map(({ check, reason }) => <li key={check}>{check}: {reason}</li>)}</ul>
              </Section>
            )}
          </>
        )}
      </LiveView>
    </Page>
  );
}

export default ModelPage;
