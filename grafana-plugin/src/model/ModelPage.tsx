import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { Badge, LinkButton, Stack, TextLink } from '@grafana/ui';
import { downloadUrl } from '../api/downloads';
import { aggregatesQuery, distributionsQuery, modelQuery } from '../api/models';
import type { ModelDetail } from '../api/types';
import {
  DASH,
  figure,
  moment,
  percent,
  relative,
  seconds,
  SEVERITY_COLOURS,
  SEVERITY_TEXTS,
  STATE_COLOURS,
  STATE_TEXTS,
  titled,
} from '../components/format';
import { LiveFigures } from '../components/LiveFigures';
import { OverTime } from '../components/OverTime';
import { DetailPage } from '../components/Page';
import { PageButton } from '../components/PageButton';
import { RangePicker } from '../components/RangePicker';
import { Section } from '../components/Section';
import { QueryView } from '../components/States';
import { useRights, type Rights } from '../components/useRights';
import { useTimeRange, withRange } from '../components/useTimeRange';
import { plain, Words } from '../components/Words';
import { PAGES } from '../constants';
import { lastSeenMs } from '../fleet/FleetTable';
import { dashboardUrl, exploreUrl } from '../links';
import { BaselineActions } from './BaselineActions';
import { Candidates } from './Candidates';
import { DeleteModel } from './DeleteModel';
import { Distributions, DriftTable } from './Drift';
import { Golden } from './Golden';
import { Patterns } from './Patterns';

const LAST_HOURS = { from: 'now-3h', to: 'now' };

function baselineText({ baseline }: ModelDetail): string {
  const { state, samples = 0, required_samples, version } = baseline;
  if (state === 'learning') {
    return required_samples
      ? t('model.learning', 'Learning: {{have}} of {{need}}', { have: samples, need: required_samples })
      : t('model.learning-on', 'Learning');
  }
  return version === undefined ? titled(state) : `${titled(state)}, v${version}`;
}

function Figures({ model }: { model: ModelDetail }) {
  const facts: Array<[string, React.ReactNode]> = [
    [t('model.state', 'State'), <Badge key="s" text={STATE_TEXTS[model.state]()} color={STATE_COLOURS[model.state]} />],
    ...(model.severity === 'none'
      ? []
      : [
          [
            t('model.severity', 'Severity'),
            <Badge key="v" text={SEVERITY_TEXTS[model.severity]()} color={SEVERITY_COLOURS[model.severity]} />,
          ] satisfies [string, React.ReactNode],
        ]),
    [t('model.confidence-now', 'Confidence'), figure(model.confidence_mean)],
    [t('model.failed', 'Failed calls'), percent(model.error_share)],
    [t('model.latency-now', 'Median latency'), seconds(model.latency_p50_seconds)],
    [t('fleet.samples', 'Samples'), model.total_samples.toLocaleString('en-US')],
    [t('model.baseline-state', 'Baseline'), baselineText(model)],
    ...(model.incident_id === null
      ? [[t('model.budget', 'False-alarm budget left'), percent(model.evidence.budget_left)] satisfies [string, string]]
      : []),
    [t('fleet.seen', 'Last seen'), relative(lastSeenMs(model))],
    [t('model.version', 'Version'), model.version ?? DASH],
    [t('model.owner', 'Owner'), model.owner ?? DASH],
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

/** Why a baseline is not there yet, in the exporter's words. */
function LearningNotes({ baseline: { missing = [], refused = [] } }: Pick<ModelDetail, 'baseline'>) {
  return (
    <>
      {refused.length > 0 && (
        <p>
          {t('model.refused', 'What was learnt before is no baseline: {{why}}', {
            why: refused.join('; '),
            interpolation: { escapeValue: false },
          })}
        </p>
      )}
      {missing.length > 0 && (
        <p>
          {t('model.missing', 'Learning still needs: {{what}}', {
            what: missing.join('; '),
            interpolation: { escapeValue: false },
          })}
        </p>
      )}
    </>
  );
}

function OverTimeSection({ model }: { model: ModelDetail }) {
  const { id, evidence, baseline } = model;
  const { range, raw } = useTimeRange(LAST_HOURS);
  const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()];
  const query = useQuery(aggregatesQuery(id, { fromMs, toMs }, JSON.stringify(raw)));
  const changedMs = evidence.changed_at_ms;
  const marks = changedMs === null ? [] : [{ atMs: changedMs, name: t('model.changed-mark', 'change') }];
  const isLearning = baseline.state === 'learning' || baseline.state === 'absent';
  return (
    <Section title={t('model.over-time', 'Over time')}>
      <QueryView query={query} rows={4}>
        {(csv) => (
          <OverTime
            data={csv}
            range={raw === null ? undefined : [fromMs, toMs]}
            marks={marks}
            shadedFromMs={changedMs}
            otherwise={isLearning ? <LiveFigures model={model} /> : undefined}
          />
        )}
      </QueryView>
    </Section>
  );
}

function Detail({ model, rights }: { model: ModelDetail; rights: Rights }) {
  const { raw } = useTimeRange(LAST_HOURS);
  const distributions = useQuery(distributionsQuery(model.id));
  return (
    <>
      <Section
        title={t('model.figures', 'Now')}
        actions={<BaselineActions model={model} operateRefusal={rights.operateRefusal} />}
      >
        {model.incident_id !== null && (
          <p style={{ fontSize: 16 }}>
            <TextLink href={withRange(PAGES.incident(model.incident_id), raw)}>
              {plain(model.headline ?? t('fleet.incident', 'Open incident'))}
            </TextLink>
          </p>
        )}
        <Figures model={model} />
        {model.baseline.state === 'learning' && <LearningNotes baseline={model.baseline} />}
        {model.evaluated_at_ms !== null && (
          <small title={moment(model.evaluated_at_ms)}>
            {t('model.evaluated', 'Evaluated {{when}} on {{count}} samples', {
              when: relative(model.evaluated_at_ms),
              count: model.window_samples,
            })}
          </small>
        )}
      </Section>
      <OverTimeSection model={model} />
      <Section title={t('model.drift', 'What differs from the baseline')}>
        <DriftTable model={model} />
      </Section>
      <QueryView query={distributions} rows={6}>
        {(signals) => <Distributions signals={signals} findings={model.findings} />}
      </QueryView>
      <Patterns patterns={model.recurring_causes} />
      <Golden inputs={model.golden_inputs} />
      <Candidates modelId={model.id} operateRefusal={rights.operateRefusal} />
      {model.blind_spots.length > 0 && (
        <Section title={t('model.blind', 'What could not be checked')}>
          <ul style={{ paddingLeft: 18 }}>
            {model.blind_spots.map(({ check, reason }) => (
              <li key={check}>
                {titled(check)}: <Words>{reason}</Words>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={t('model.end', 'End the watch')}>
        <DeleteModel id={model.id} refusal={rights.adminRefusal} />
      </Section>
    </>
  );
}

/** One model: what it does now, against what was normal. */
function ModelPage() {
  const { id = '' } = useParams();
  const { range, raw, choose } = useTimeRange(LAST_HOURS);
  const query = useQuery(modelQuery(id));
  const rights = useRights();
  const actions = (
    <Stack gap={1} wrap="wrap" alignItems="center">
      <RangePicker range={range} isChosen={raw !== null} onChoose={choose} />
      <LinkButton
        variant="secondary"
        icon="download-alt"
        href={downloadUrl.aggregates(id, { fromMs: range.from.valueOf(), toMs: range.to.valueOf() })}
        target="_blank"
      >
        {t('model.csv', 'CSV')}
      </LinkButton>
      <PageButton variant="secondary" icon="apps" href={dashboardUrl(id, raw)}>
        {t('model.dashboard', 'Dashboard')}
      </PageButton>
      <PageButton variant="secondary" icon="compass" href={exploreUrl(id, raw)}>
        {t('model.explore', 'Explore')}
      </PageButton>
    </Stack>
  );
  return (
    <DetailPage title={query.data?.name ?? id} subTitle={query.data?.url ?? undefined} actions={actions}>
      {rights.operateRefusal !== null && <p role="note">{rights.operateRefusal}</p>}
      <QueryView query={query} rows={12}>
        {(model) => <Detail model={model} rights={rights} />}
      </QueryView>
    </DetailPage>
  );
}

export default ModelPage;
