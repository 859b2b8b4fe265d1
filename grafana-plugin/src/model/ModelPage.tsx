import React from 'react';
import { useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { Badge, LinkButton, Stack, TextLink } from '@grafana/ui';
import { downloadUrl, exporter } from '../api/client';
import type { ModelDetail } from '../api/types';
import { useLive } from '../api/useLive';
import { figure, moment, percent, relative, seconds, SEVERITY_COLOURS, STATE_COLOURS } from '../components/format';
import { OverTime } from '../components/OverTime';
import { Page } from '../components/Page';
import { RangePicker } from '../components/RangePicker';
import { Section } from '../components/Section';
import { LiveView } from '../components/States';
import { useRights } from '../components/useRights';
import { useTimeRange, withRange } from '../components/useTimeRange';
import { PAGES } from '../constants';
import { dashboardUrl, exploreUrl } from '../links';
import { BaselineActions } from './BaselineActions';
import { Candidates } from './Candidates';
import { Distributions, DriftTable } from './Drift';
import { Golden } from './Golden';
import { Patterns } from './Patterns';

const LAST_HOURS = { from: 'now-3h', to: 'now' };

function Figures({ model }: { model: ModelDetail }) {
  const { baseline } = model;
  const facts: Array<[string, React.ReactNode]> = [
    [t('model.state', 'State'), <Badge key="s" text={model.state} color={STATE_COLOURS[model.state]} />],
    [t('model.severity', 'Severity'), <Badge key="v" text={model.severity} color={SEVERITY_COLOURS[model.severity]} />],
    [t('fleet.confidence', 'Confidence'), figure(model.confidence_mean)],
    [t('fleet.errors', 'Errors'), percent(model.error_share)],
    [t('fleet.latency', 'Latency p50'), seconds(model.latency_p50_seconds)],
    [t('fleet.samples', 'Samples'), model.total_samples.toLocaleString('en-US')],
    [
      t('fleet.baseline', 'Baseline'),
      baseline.state === 'learning'
        ? t('model.learning', 'learning: {{have}} of {{need}}', {
            have: baseline.samples ?? 0,
            need: baseline.required_samples ?? '?',
          })
        : `${baseline.state} v${baseline.version ?? '–'}`,
    ],
    [t('fleet.budget', 'False-page budget left'), percent(model.evidence.budget_left)],
    [t('fleet.probe', 'Last probe'), relative(model.last_probe_at_ms)],
    [t('model.version', 'Version'), model.version ?? '–'],
    [t('model.owner', 'Owner'), model.owner ?? '–'],
  ];
  return (
    <dl style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(104px, 1fr))', gap: 12 }}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt style={{ fontWeight: 400, opacity: 0.8 }}>{name}</dt>
          <dd style={{ fontSize: 16, overflowWrap: 'anywhere' }}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Why a baseline is not there yet, in the exporter's words. */
function LearningNotes({ baseline: { missing = [], refused = [] } }: Pick<ModelDetail, 'baseline'>) {
  return missing.length + refused.length === 0 ? null : (
    <p>
      {refused.length > 0
        ? t('model.refused', 'What was learnt was not admitted: {{why}}', {
            why: refused.join('; '),
            interpolation: { escapeValue: false },
          })
        : t('model.missing', 'Learning still needs: {{what}}', {
            what: missing.join('; '),
            interpolation: { escapeValue: false },
          })}
    </p>
  );
}

/** One model: what it does now, against what was normal. */
function ModelPage() {
  const { id = '' } = useParams();
  const { range, raw, choose } = useTimeRange(LAST_HOURS);
  const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()];
  const live = useLive(`model/${id}`, () => exporter.model(id));
  const distributions = useLive(`distributions/${id}`, () => exporter.distributions(id), 5_000);
  const aggregates = useLive(
    `aggregates/${id}/${JSON.stringify(raw)}`,
    () => exporter.aggregates(id, fromMs, toMs),
    5_000
  );
  const { operateRefusal } = useRights();
  const model = live.data;
  const changedAtMs = model?.evidence.changed_at_ms ?? null;
  const marks = changedAtMs === null ? [] : [{ atMs: changedAtMs, name: t('model.changed-mark', 'change') }];
  const actions = (
    <Stack gap={1} wrap="wrap" alignItems="center">
      <RangePicker range={range} isChosen={raw !== null} onChoose={choose} />
      <LinkButton
        variant="secondary"
        icon="download-alt"
        href={downloadUrl.aggregates(id, fromMs, toMs)}
        target="_blank"
      >
        {t('model.csv', 'CSV')}
      </LinkButton>
      <LinkButton variant="secondary" icon="apps" href={dashboardUrl(id, raw)}>
        {t('model.dashboard', 'Dashboard')}
      </LinkButton>
      <LinkButton variant="secondary" icon="compass" href={exploreUrl(id, raw)}>
        {t('model.explore', 'Explore')}
      </LinkButton>
    </Stack>
  );
  return (
    <Page title={model?.name ?? id} subTitle={model?.url ?? undefined} actions={actions}>
      {operateRefusal !== null && <p role="note">{operateRefusal}</p>}
      <LiveView live={live} rows={12}>
        {(detail) => (
          <>
            <Section
              title={t('model.figures', 'Now')}
              actions={<BaselineActions model={detail} operateRefusal={operateRefusal} onDone={live.refresh} />}
            >
              {detail.incident_id !== null && (
                <p style={{ fontSize: 16 }}>
                  <TextLink href={withRange(PAGES.incident(detail.incident_id), raw)}>
                    {detail.headline ?? t('fleet.incident', 'Open incident')}
                  </TextLink>
                </p>
              )}
              <Figures model={detail} />
              {detail.baseline.state === 'learning' && <LearningNotes baseline={detail.baseline} />}
              {detail.evaluated_at_ms !== null && (
                <small title={moment(detail.evaluated_at_ms)}>
                  {t('model.judged', 'judged {{when}} on {{count}} samples', {
                    when: relative(detail.evaluated_at_ms),
                    count: detail.window_samples,
                  })}
                </small>
              )}
            </Section>
            <Section title={t('model.over-time', 'Over time')}>
              <LiveView live={aggregates} rows={4}>
                {(csv) => <OverTime csv={csv} range={raw === null ? undefined : [fromMs, toMs]} marks={marks} />}
              </LiveView>
            </Section>
            <Section title={t('model.drift', 'What differs from the baseline')}>
              <DriftTable model={detail} />
            </Section>
            <LiveView live={distributions} rows={6}>
              {(signals) => <Distributions signals={signals} findings={detail.findings} />}
            </LiveView>
            <Patterns patterns={detail.patterns} />
            <Golden inputs={detail.golden_inputs} />
            <Candidates modelId={id} operateRefusal={operateRefusal} />
            {detail.blind_spots.length > 0 && (
              <Section title={t('model.blind', 'What could not be checked')}>
                <ul style={{ paddingLeft: 18 }}>
                  {detail.blind_spots.map(({ check, reason }) => (
                    <li key={check}>
                      {check}: {reason}
                    </li>
                  ))}
                </ul>
              </Section>
            )}
          </>
        )}
      </LiveView>
    </Page>
  );
}

export default ModelPage;
