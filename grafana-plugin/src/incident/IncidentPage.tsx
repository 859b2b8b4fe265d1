import React from 'react';
import { useParams } from 'react-router-dom';
import { dateTime } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Badge, Button, Dropdown, LinkButton, Menu, Stack, TextLink } from '@grafana/ui';
import { downloadUrl, exporter } from '../api/client';
import type { Incident, Recommendation, SimilarIncident } from '../api/types';
import { useLive } from '../api/useLive';
import { Decision } from '../approvals/Decision';
import { KillSwitchBanner, useKillSwitch } from '../approvals/KillSwitch';
import { duration, figure, percent, relative, SEVERITY_COLOURS } from '../components/format';
import { OverTime } from '../components/OverTime';
import { Page } from '../components/Page';
import { RangePicker } from '../components/RangePicker';
import { Section, Table } from '../components/Section';
import { LiveView } from '../components/States';
import { useRights, type Rights } from '../components/useRights';
import { useTimeRange, withRange } from '../components/useTimeRange';
import { PAGES } from '../constants';
import { dashboardUrl, exploreUrl } from '../links';
import { AcceptBaseline } from '../model/BaselineActions';
import { CauseView } from './CauseView';
import { Attributions, Waterfall } from './Contributions';
import { PageOpinions } from './PageOpinions';
import { phasesOf } from './phases';
import { ProposeAction } from './ProposeAction';
import { Phases, Timeline } from './Story';

const AROUND_MS = 15 * 60_000;
const SIDE_BY_SIDE = {
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fit, minmax(min(440px, 100%), 1fr))',
  columnGap: 16,
  alignItems: 'start',
} as const;

function Similar({ similar, isClosed }: { similar: SimilarIncident[]; isClosed: boolean }) {
  return similar.length === 0 ? (
    <p>
      {isClosed
        ? t('incident.only', 'Nothing else like it is remembered.')
        : t('incident.first', 'Nothing like it is remembered yet. When this one closes, it will be.')}
    </p>
  ) : (
    <Table
      head={[
        t('incident.likeness', 'Likeness'),
        t('incident.what', 'What happened'),
        t('incident.when', 'Closed'),
        t('incident.helped', 'What was done'),
      ]}
      rows={similar.map(({ lesson, similarity }) => ({
        key: lesson.incidentId,
        cells: [
          percent(similarity),
          <TextLink key="l" href={PAGES.incident(lesson.incidentId)}>
            {lesson.headline}
          </TextLink>,
          relative(lesson.closedAtMs),
          lesson.actions.map(({ action, outcome }) => `${action}: ${outcome.replace('_', ' ')}`).join(', ') || '–',
        ],
      }))}
    />
  );
}

/** How much each part explains, which features carry it, who is affected, and what nobody knows. */
function Details({
  diagnosis: { decomposition, attributions, surrogate, repairs = [], segments, unexplained, blindSpots },
}: Pick<Incident, 'diagnosis'>) {
  const repairsTold = [...new Set(repairs.map(({ sentence }) => sentence))];
  return (
    <>
      <div style={SIDE_BY_SIDE}>
        {decomposition !== null && (
          <Section title={t('incident.waterfall', 'How much of the change each part explains')}>
            <Waterfall decomposition={decomposition} />
          </Section>
        )}
        {attributions.length > 0 && (
          <Section title={t('incident.attribution', 'Which features carry the change')}>
            <Attributions attributions={attributions} surrogate={surrogate ?? null} />
          </Section>
        )}
      </div>
      {repairsTold.length > 0 && (
        <Section title={t('incident.repairs', 'How inputs changed')}>
          <ul style={{ paddingLeft: 18 }}>
            {repairsTold.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Section>
      )}
      {segments.length > 0 && (
        <Section title={t('incident.segments', 'Who is affected')}>
          <Table
            head={[
              t('incident.segment', 'Rows with'),
              t('incident.rows', 'Rows'),
              t('incident.rows-share', 'Of all rows'),
              t('incident.measure', 'Measure'),
              t('incident.before', 'Before'),
              t('incident.now', 'Now'),
              t('incident.contribution', 'Of the change'),
            ]}
            rows={segments.map(({ predicate, rows, share, measure, before, now, contribution }) => ({
              key: predicate,
              cells: [
                <code key="p">{predicate}</code>,
                rows,
                percent(share),
                measure,
                figure(before),
                figure(now),
                percent(contribution),
              ],
            }))}
          />
        </Section>
      )}
      {(unexplained !== null || blindSpots.length > 0) && (
        <Section title={t('incident.unknown', 'What is not known')}>
          {unexplained !== null && <p>{unexplained}</p>}
          <ul style={{ paddingLeft: 18 }}>
            {blindSpots.map(({ check, reason }) => (
              <li key={check}>
                {check}: {reason}
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

const isOver = ({ state }: Recommendation) => state === 'withdrawn' || state === 'expired';

/** What is or was decided, and folded in below it what the diagnosis has moved on from. */
function Decisions({
  records,
  rights,
  isClosed,
  onDecided,
}: {
  records: Recommendation[];
  rights: Rights;
  isClosed: boolean;
  onDecided: () => void;
}) {
  const list = (some: Recommendation[]) =>
    some.map((recommendation) => (
      <Decision
        key={recommendation.id}
        recommendation={recommendation}
        rights={rights}
        onDecided={onDecided}
        isCompact
      />
    ));
  const over = records.filter(isOver);
  return (
    <>
      {over.length === records.length && (
        <p>
          {isClosed
            ? t('incident.undecided', 'Nothing was carried out before it was over.')
            : t('incident.no-advice', 'There is nothing to recommend yet.')}
        </p>
      )}
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

function Cause({ diagnosis: { causes } }: Pick<Incident, 'diagnosis'>) {
  const [cause, ...others] = causes;
  if (cause === undefined) {
    return <p>{t('incident.no-cause', 'No cause stands out yet.')}</p>;
  }
  return (
    <>
      <CauseView cause={cause} />
      {others.length > 0 && (
        <>
          <h3 style={{ fontSize: 14, marginTop: 12 }}>{t('incident.runners-up', 'Runners-up')}</h3>
          <Table
            head={[
              t('incident.cause', 'Cause'),
              t('incident.probability', 'Probability'),
              t('incident.against', 'Strongest argument against it'),
            ]}
            rows={others.slice(0, 5).map((other) => ({
              key: other.id,
              cells: [other.title, percent(other.probability), other.refuting[0]?.text ?? '–'],
            }))}
          />
        </>
      )}
    </>
  );
}

/** The model's figures around the incident, with the steps of its story marked by number. */
function Around({ incident }: { incident: Incident }) {
  const { openedAtMs, closedAtMs, modelId } = incident;
  const phases = phasesOf(incident);
  const firstMs = Math.min(openedAtMs, ...phases.flatMap(({ atMs }) => (atMs === null ? [] : [atMs])));
  const { range, raw, choose } = useTimeRange({
    from: dateTime(Math.max(firstMs, openedAtMs - 86_400_000) - AROUND_MS),
    to: closedAtMs === null ? 'now' : dateTime(closedAtMs + AROUND_MS),
  });
  const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()];
  const aggregates = useLive(
    `aggregates/${modelId}/${JSON.stringify(raw)}`,
    () => exporter.aggregates(modelId, fromMs, toMs),
    5_000
  );
  const marks = phases.flatMap(({ atMs }, index) => (atMs === null ? [] : [{ atMs, name: String(index + 1) }]));
  return (
    <Section
      title={t('incident.timeline', 'Timeline')}
      actions={
        <Stack gap={1} wrap="wrap" alignItems="center">
          <RangePicker range={range} isChosen={raw !== null} onChoose={choose} />
          <LinkButton size="sm" variant="secondary" icon="apps" href={dashboardUrl(modelId, raw ?? range.raw)}>
            {t('model.dashboard', 'Dashboard')}
          </LinkButton>
          <LinkButton size="sm" variant="secondary" icon="compass" href={exploreUrl(modelId, raw ?? range.raw)}>
            {t('model.explore', 'Explore')}
          </LinkButton>
        </Stack>
      }
    >
      <Phases phases={phases} openedAtMs={openedAtMs} />
      <LiveView live={aggregates} rows={3}>
        {(csv) => <OverTime csv={csv} range={raw === null ? undefined : [fromMs, toMs]} marks={marks} />}
      </LiveView>
      <details>
        <summary>
          {t('incident.everything', 'Everything that happened ({{count}})', { count: incident.timeline.length })}
        </summary>
        <Timeline timeline={incident.timeline} openedAtMs={openedAtMs} />
      </details>
    </Section>
  );
}

function Happened({ incident, linkRange }: { incident: Incident; linkRange: Parameters<typeof withRange>[1] }) {
  const { severity, openedAtMs, closedAtMs, modelId, diagnosis, explanation } = incident;
  return (
    <Section title={t('incident.happened', 'What happened')}>
      <p style={{ fontSize: 20, lineHeight: 1.35, overflowWrap: 'anywhere' }}>{explanation.headline}</p>
      <Stack gap={1} alignItems="center" wrap="wrap">
        <Badge text={severity} color={SEVERITY_COLOURS[severity]} />
        <Badge
          text={closedAtMs === null ? t('incident.open', 'open') : t('incident.closed', 'closed')}
          color={closedAtMs === null ? 'red' : 'green'}
        />
        <span>{t('incident.since', 'since {{when}}', { when: relative(openedAtMs) })}</span>
        {closedAtMs !== null && (
          <span>{t('incident.lasted', 'lasted {{span}}', { span: duration(closedAtMs - openedAtMs) })}</span>
        )}
        <TextLink href={withRange(PAGES.model(modelId), linkRange)}>{modelId}</TextLink>
      </Stack>
      <p style={{ marginTop: 8 }}>{diagnosis.severityReason}</p>
    </Section>
  );
}

/** The page an alert links to: what broke, why, and what to do about it, in the order it is needed at night. */
function IncidentPage() {
  const { id = '' } = useParams();
  const live = useLive(`incident/${id}`, () => exporter.incident(id));
  const decisions = useLive(`decisions/${id}`, () => exporter.recommendations({ incident: id, limit: 50 }));
  const similar = useLive(`similar/${id}`, () => exporter.similar(id), 10_000);
  const modelId = live.data?.modelId ?? null;
  const model = useLive(
    `model-of/${modelId ?? ''}`,
    async () => (modelId === null ? null : exporter.model(modelId)),
    5_000
  );
  const killSwitch = useKillSwitch();
  const rights = useRights();
  const { raw } = useTimeRange({ from: 'now-1h', to: 'now' });
  const refreshAll = () => {
    decisions.refresh();
    live.refresh();
    model.refresh();
  };
  const menu = (
    <Menu>
      {(['markdown', 'html', 'json', 'csv'] as const).map((format) => (
        <Menu.Item key={format} label={format} url={downloadUrl.report(id, format)} target="_blank" />
      ))}
    </Menu>
  );
  return (
    <Page
      title={
        modelId === null
          ? t('incident.title', 'Incident')
          : t('incident.of', 'Incident of {{model}}', { model: modelId })
      }
      actions={
        <Dropdown overlay={menu}>
          <Button variant="secondary" icon="download-alt">
            {t('incident.report', 'Report')}
          </Button>
        </Dropdown>
      }
    >
      <LiveView live={live} rows={12}>
        {(incident) => (
          <>
            <Happened incident={incident} linkRange={raw} />
            {incident.closedAtMs === null && <KillSwitchBanner live={killSwitch} />}
            <Section
              title={
                incident.closedAtMs === null ? t('incident.todo', 'What to do') : t('incident.done', 'What was done')
              }
              actions={
                incident.closedAtMs === null && (
                  <Stack gap={1} wrap="wrap">
                    {model.data !== null && (
                      <AcceptBaseline
                        size="sm"
                        model={model.data}
                        operateRefusal={rights.operateRefusal}
                        onDone={refreshAll}
                      />
                    )}
                    <ProposeAction incidentId={id} refusal={rights.operateRefusal} onDone={refreshAll} />
                  </Stack>
                )
              }
            >
              <LiveView live={decisions} rows={3}>
                {(records) => (
                  <Decisions
                    records={records}
                    rights={rights}
                    isClosed={incident.closedAtMs !== null}
                    onDecided={refreshAll}
                  />
                )}
              </LiveView>
            </Section>
            <Section title={t('incident.why', 'Why: the most probable cause')}>
              <Cause diagnosis={incident.diagnosis} />
            </Section>
            <Around incident={incident} />
            <Details diagnosis={incident.diagnosis} />
            <Section title={t('incident.similar', 'Similar incidents and what helped')}>
              <LiveView live={similar} rows={2}>
                {(known) => <Similar similar={known} isClosed={incident.closedAtMs !== null} />}
              </LiveView>
            </Section>
            <Section title={t('incident.story', 'In full')}>
              {incident.explanation.paragraphs.map((paragraph) => (
                <p key={paragraph}>{paragraph}</p>
              ))}
            </Section>
            <Section title={t('incident.opinions', 'The page itself')}>
              <PageOpinions incidentId={id} refusal={rights.operateRefusal} />
            </Section>
          </>
        )}
      </LiveView>
    </Page>
  );
}

export default IncidentPage;
