import React from 'react';
import { useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { Badge, Dropdown, Button, Menu, Stack, TextLink } from '@grafana/ui';
import { downloadUrl, exporter } from '../api/client';
import type { Incident, Recommendation, SimilarIncident } from '../api/types';
import { useLive } from '../api/useLive';
import { Decision } from '../approvals/Decision';
import { Bar } from '../components/Bar';
import { duration, figure, moment, percent, relative, SEVERITY_COLOURS, signalName } from '../components/format';
import { Page } from '../components/Page';
import { Section, Table } from '../components/Section';
import { LiveView } from '../components/States';
import { useRights, type Rights } from '../components/useRights';
import { PAGES } from '../constants';
import { CauseView } from './CauseView';

function Timeline({ timeline }: Pick<Incident, 'timeline'>) {
  const entries = [...timeline].sort((a, b) => a.atMs - b.atMs);
  return (
    <ol style={{ listStyle: 'none' }} aria-label={t('incident.timeline', 'Timeline')}>
      {entries.map(({ atMs, kind, text }, index) => (
        <li key={`${atMs}${kind}${index}`} style={{ display: 'grid', gridTemplateColumns: '90px 130px minmax(0,1fr)', gap: 8, padding: '3px 0' }}>
          <time dateTime={new Date(atMs).toISOString()} title={moment(atMs)}>{relative(atMs)}</time>
          <strong>{kind.replace('-', ' ')}</strong>
          <span style={{ overflowWrap: 'anywhere' }}>{text}</span>
        </li>
      ))}
    </ol>
  );
}

function Waterfall({ decomposition }: { decomposition: NonNullable<Incident['diagnosis']['decomposition']> }) {
  const { measure, before, now, total, parts, remainder, interventional } = decomposition;
  const rows = [...parts, { name: t('incident.unexplained-part', 'unexplained'), value: remainder }];
  const most = Math.max(Math.abs(total), ...rows.map(({ value }) => Math.abs(value)));
  return (
    <>
      <p>{t('incident.drop', '{{measure}} went from {{before}} to {{now}} ({{how}})', { measure, before: figure(before), now: figure(now), how: interventional ? 'found by asking the model' : 'read off counts' })}</p>
      <Table
        head={[t('incident.part', 'Part'), t('incident.points', 'Points'), t('incident.of-drop', 'Of the drop'), '']}
        rows={rows.map(({ name, value }) => ({ key: name, cells: [name, figure(value), total === 0 ? '–' : percent(value / total), <Bar key="bar" value={value} most={most} isBad={value < 0} />] }))}
      />
    </>
  );
}

/** How the shares were found: a share that nobody tested on the model must not look like one that was. */
function howFound(method: string | undefined, surrogate: Incident['diagnosis']['surrogate']): string {
  if (method === 'interventional-shapley') {
    return t('incident.asked', 'Found by experiment: the live model was asked with each feature put back to what it was.');
  }
  if (method === 'surrogate-shapley') {
    return t('incident.copy', 'The model was not asked. Found on a copy fitted to {{rows}} logged answers (R² {{fit}} on answers it had not seen).', { rows: surrogate?.rows ?? 0, fit: (surrogate?.rSquared ?? 0).toFixed(2) });
  }
  return t('incident.correlation', 'The model was not asked. Read off the answers alone: a correlation, not a proof.');
}

function Details({ incident, similar }: { incident: Incident; similar: SimilarIncident[] | null }) {
  const { decomposition, attributions, repairs = [], segments, unexplained, blindSpots } = incident.diagnosis;
  const repairsTold = [...new Set(repairs.map(({ sentence }) => sentence))];
  const most = Math.max(0, ...attributions.map(({ value, standardError }) => Math.abs(value) + 1.96 * (standardError ?? 0)));
  const total = attributions.reduce((sum, { value }) => sum + Math.abs(value), 0);
  return (
    <>
      {decomposition !== null && <Section title={t('incident.waterfall', 'How much of the change each part explains')}><Waterfall decomposition={decomposition} /></Section>}
      {attributions.length > 0 && (
        <Section title={t('incident.attribution', 'Which features carry the change')}>
          <p>{howFound(attributions[0]?.method, incident.diagnosis.surrogate)}</p>
          <Table
            head={[t('incident.feature', 'Feature'), t('incident.share', 'Carries'), t('incident.interval', '95 % interval'), '']}
            rows={[...attributions].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 20).map(({ feature, value, standardError }) => {
              const half = 1.96 * (standardError ?? 0);
              return { key: feature, cells: [signalName(feature), figure(value), standardError === null ? '–' : `${figure(value - half)} … ${figure(value + half)}`, <Bar key="bar" value={value} low={value - half} high={value + half} most={most} isBad={Math.abs(value) > total / 2} />] };
            })}
          />
        </Section>
      )}
      {repairsTold.length > 0 && (
        <Section title={t('incident.repairs', 'What happened to the inputs')}>
          <ul style={{ paddingLeft: 18 }}>{repairsTold.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul>
        </Section>
      )}
      {segments.length > 0 && (
        <Section title={t('incident.segments', 'Who is affected')}>
          <Table
            head={[t('incident.segment', 'Rows with'), t('incident.rows', 'Rows'), t('incident.measure', 'Measure'), t('incident.before', 'Before'), t('incident.now', 'Now'), t('incident.contribution', 'Of the change')]}
            rows={segments.map(({ predicate, rows, measure, before, now, contribution }) => ({ key: predicate, cells: [<code key="p">{predicate}</code>, rows, measure, figure(before), figure(now), percent(contribution)] }))}
          />
        </Section>
      )}
      {(unexplained !== null || blindSpots.length > 0) && (
        <Section title={t('incident.unknown', 'What is not known')}>
          {unexplained !== null && <p>{unexplained}</p>}
          <ul style={{ paddingLeft: 18 }}>{blindSpots.map(({ check, reason }) => <li key={check}>{check}: {reason}</li>)}</ul>
        </Section>
      )}
      <Section title={t('incident.similar', 'Similar incidents and what helped')}>
        {similar === null || similar.length === 0 ? (
          <p>{t('incident.first', 'Nothing like it is remembered yet. When this one closes, it will be.')}</p>
        ) : (
          <Table
            head={[t('incident.likeness', 'Likeness'), t('incident.what', 'What happened'), t('incident.when', 'Closed'), t('incident.helped', 'What was done')]}
            rows={similar.map(({ lesson, similarity }) => ({ key: lesson.incidentId, cells: [percent(similarity), <TextLink key="l" href={PAGES.incident(lesson.incidentId)}>{lesson.headline}</TextLink>, relative(lesson.closedAtMs), lesson.actions.map(({ action, outcome }) => `${action}: ${outcome.replace('_', ' ')}`).join(', ') || '–'] }))}
          />
        )}
      </Section>
    </>
  );
}

const isOver = ({ state }: Recommendation) => state === 'withdrawn' || state === 'expired';

/** What is or was decided, and folded in below it what the diagnosis has moved on from. */
function Decisions({ records, rights, onDecided }: { records: Recommendation[]; rights: Rights; onDecided: () => void }) {
  const list = (some: Recommendation[]) => some.map((recommendation) => <Decision key={recommendation.id} recommendation={recommendation} rights={rights} onDecided={onDecided} isCompact />);
  const over = records.filter(isOver);
  return (
    <>
      {over.length === records.length && <p>{t('incident.no-advice', 'There is nothing to recommend yet.')}</p>}
      {list(records.filter((recommendation) => !isOver(recommendation)))}
      {over.length > 0 && (
        <details>
          <summary>{t('incident.over', 'Withdrawn or expired ({{count}})', { count: over.length })}</summary>
          {list(over)}
        </details>
      )}
    </>
  );
}

/** The page an alert links to: what broke, why, and what to do about it, in the order it is needed at night. */
function IncidentPage() {
  const { id = '' } = useParams();
  const live = useLive(`incident/${id}`, () => exporter.incident(id));
  const decisions = useLive(`decisions/${id}`, () => exporter.recommendations({ incident: id, limit: 50 }));
  const similar = useLive(`similar/${id}`, () => exporter.similar(id), 10_000);
  const rights = useRights();
  const menu = (
    <Menu>
      {(['markdown', 'html', 'json', 'csv'] as const).map((format) => <Menu.Item key={format} label={format} url={downloadUrl.report(id, format)} target="_blank" />)}
    </Menu>
  );
  return (
    <Page
      title={live.data === null ? t('incident.title', 'Incident') : t('incident.of', 'Incident of {{model}}', { model: live.data.modelId })}
      actions={<Dropdown overlay={menu}><Button variant="secondary" icon="download-alt">{t('incident.report', 'Report')}</Button></Dropdown>}
    >
      <LiveView live={live} rows={12}>
        {(incident) => {
          const { causes, severityReason } = incident.diagnosis;
          const [cause, ...others] = causes;
          return (
            <>
              <Section title={t('incident.happened', 'What happened')}>
                <p style={{ fontSize: 20, lineHeight: 1.35, overflowWrap: 'anywhere' }}>{incident.explanation.headline}</p>
                <Stack gap={1} alignItems="center" wrap="wrap">
                  <Badge text={incident.severity} color={SEVERITY_COLOURS[incident.severity]} />
                  <Badge text={incident.closedAtMs === null ? t('incident.open', 'open') : t('incident.closed', 'closed')} color={incident.closedAtMs === null ? 'red' : 'green'} />
                  <span>{t('incident.since', 'since {{when}}', { when: relative(incident.openedAtMs) })}</span>
                  {incident.closedAtMs !== null && <span>{t('incident.lasted', 'lasted {{span}}', { span: duration(incident.closedAtMs - incident.openedAtMs) })}</span>}
                  <TextLink href={PAGES.model(incident.modelId)}>{incident.modelId}</TextLink>
                </Stack>
                <p style={{ marginTop: 8 }}>{severityReason}</p>
              </Section>
              <Section title={t('incident.todo', 'What to do')}>
                <LiveView live={decisions} rows={3}>
                  {(records) => <Decisions records={records} rights={rights} onDecided={() => { decisions.refresh(); live.refresh(); }} />}
                </LiveView>
              </Section>
              <Section title={t('incident.why', 'Why: the most probable cause')}>
                <CauseView cause={cause} />
                {others.length > 0 && (
                  <>
                    <h3 style={{ fontSize: 14 }}>{t('incident.runners-up', 'Runners-up')}</h3>
                    <Table head={[t('incident.cause', 'Cause'), t('incident.probability', 'Probability'), t('incident.against', 'Strongest argument against it')]} rows={others.slice(0, 5).map((other) => ({ key: other.id, cells: [other.title, percent(other.probability), other.refuting[0]?.text ?? '–'] }))} />
                  </>
                )}
              </Section>
              <Section title={t('incident.story', 'In full')}>
                {incident.explanation.paragraphs.map((paragraph) => <p key={paragraph}>{paragraph}</p>)}
              </Section>
              <Section title={t('incident.timeline', 'Timeline')}><Timeline timeline={incident.timeline} /></Section>
              <Details incident={incident} similar={similar.data} />
            </>
          );
        }}
      </LiveView>
    </Page>
  );
}

export default IncidentPage;
