import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { css } from '@emotion/css';
import { useParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { Button, Dropdown, Menu, Stack, useStyles2 } from '@grafana/ui';
import { PageButton } from '../components/PageButton';
import { downloadUrl } from '../api/downloads';
import { incidentQuery, similarQuery } from '../api/incidents';
import { modelQuery } from '../api/models';
import type { Incident } from '../api/types';
import { KillSwitchBanner } from '../approvals/KillSwitch';
import { DetailPage } from '../components/Page';
import { Section } from '../components/Section';
import { QueryView } from '../components/States';
import { useRights, type Rights } from '../components/useRights';
import { useTimeRange, withRange } from '../components/useTimeRange';
import { Words } from '../components/Words';
import { PAGES } from '../constants';
import { AcceptBaseline, acceptRefusal } from '../model/BaselineActions';
import { Actions } from './Actions';
import { Details, Similar } from './Details';
import { Evidence } from './Evidence';
import { Feedback } from './Feedback';
import { Headline } from './Headline';
import { basisText, costText, impactOf, worstText } from './impact';
import { changedAtMs } from './phases';
import { Picture } from './Picture';
import { ProposeAction } from './ProposeAction';
import { Shared } from './Shared';
import { Timeline } from './Timeline';
import { Why } from './Why';

const FORMATS = { markdown: 'Markdown', html: 'HTML', json: 'JSON', csv: 'CSV' } as const;

const stylesOf = () => ({
  // What is seen without scrolling: the picture and the cost on the left, the one thing to do on the right.
  top: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)',
    gridTemplateRows: 'auto 1fr',
    gridTemplateAreas: '"happened todo" "why todo"',
    columnGap: 16,
    alignItems: 'start',
    '@container (max-width: 820px)': {
      gridTemplateColumns: 'minmax(0, 1fr)',
      gridTemplateRows: 'auto',
      gridTemplateAreas: '"happened" "todo" "why"',
    },
  }),
  happened: css({ gridArea: 'happened' }),
  todo: css({ gridArea: 'todo' }),
  why: css({ gridArea: 'why' }),
  frame: css({ containerType: 'inline-size' }),
});

/** What it costs, or once it is over what it cost at its worst. */
function Cost({ incident: { diagnosis, explanation, worst_impact, closed_at_ms } }: { incident: Incident }) {
  const isClosed = closed_at_ms !== null;
  const impact = impactOf(isClosed ? (worst_impact ?? diagnosis.impact) : diagnosis.impact);
  return (
    <div style={{ marginTop: 8 }} data-testid="mlfi-cost">
      {impact === null ? (
        <strong>
          <Words>{diagnosis.severity_reason}</Words>
        </strong>
      ) : (
        <>
          <strong style={{ fontSize: 18 }}>{isClosed ? worstText(impact) : costText(impact)}</strong>{' '}
          <span>({basisText(impact)})</span>
        </>
      )}
      {isClosed && explanation.summary !== null && (
        <p>
          <Words>{explanation.summary}</Words>
        </p>
      )}
    </div>
  );
}

function Report({ id }: { id: string }) {
  const formats = ['markdown', 'html', 'json', 'csv'] as const;
  const menu = (
    <Menu>
      {formats.map((format) => (
        <Menu.Item key={format} label={FORMATS[format]} url={downloadUrl.report(id, format)} target="_blank" />
      ))}
    </Menu>
  );
  return (
    <Dropdown overlay={menu}>
      <Button variant="secondary" icon="download-alt">
        {t('incident.report', 'Report')}
      </Button>
    </Dropdown>
  );
}

function Story({ incident, rights }: { incident: Incident; rights: Rights }) {
  const styles = useStyles2(stylesOf);
  const { id, model_id, opened_at_ms, closed_at_ms, diagnosis, explanation } = incident;
  const isClosed = closed_at_ms !== null;
  const { data: model } = useQuery(modelQuery(model_id));
  const similar = useQuery(similarQuery(id));
  const estimatedMs = changedAtMs(incident, model);
  const ofModel = model?.incident_id === id ? model.since_ms : null;
  const sinceMs = estimatedMs ?? ofModel ?? opened_at_ms;
  const actions = isClosed ? null : (
    <Stack gap={1} wrap="wrap">
      {model !== undefined && acceptRefusal(model, rights.operateRefusal) === null && (
        <AcceptBaseline size="sm" model={model} operateRefusal={rights.operateRefusal} />
      )}
      <ProposeAction incidentId={id} refusal={rights.operateRefusal} />
    </Stack>
  );
  return (
    <div className={styles.frame}>
      {!isClosed && <KillSwitchBanner />}
      <div style={{ marginBottom: 12 }}>
        <Headline incident={incident} sinceMs={sinceMs} />
      </div>
      {incident.story !== null && <Shared story={incident.story} incidentId={id} />}
      <div className={styles.top}>
        <div className={styles.happened}>
          <Section title={t('incident.happened', 'What happened')}>
            <Picture incident={incident} model={model} sinceMs={sinceMs} isEstimated={estimatedMs !== null} />
            <Cost incident={incident} />
          </Section>
        </div>
        <div className={styles.todo}>
          <Section title={isClosed ? t('incident.done', 'What was done') : t('incident.todo', 'What to do first')}>
            <Actions incidentId={id} isClosed={isClosed} rights={rights} />
            <div style={{ marginTop: 12 }}>{actions}</div>
          </Section>
        </div>
        <div className={styles.why}>
          <Section title={t('incident.why', 'Why')}>
            <Why causes={diagnosis.causes} />
          </Section>
        </div>
      </div>
      <Timeline incident={incident} model={model} estimatedMs={estimatedMs} />
      <Details diagnosis={diagnosis} />
      <Section title={t('incident.similar', 'Similar incidents and what helped')}>
        <QueryView query={similar} rows={2}>
          {(known) => <Similar similar={known} isClosed={isClosed} />}
        </QueryView>
      </Section>
      <Section title={t('incident.in-full', 'Full explanation')}>
        {explanation.paragraphs.map((paragraph) => (
          <p key={paragraph}>
            <Words>{paragraph}</Words>
          </p>
        ))}
        <details>
          <summary>{t('incident.evidence', 'All evidence ({{count}})', { count: diagnosis.findings.length })}</summary>
          <Evidence findings={diagnosis.findings} />
        </details>
      </Section>
      <Section title={t('incident.feedback', 'Was this alert useful?')}>
        <Feedback incidentId={id} refusal={rights.operateRefusal} />
      </Section>
    </div>
  );
}

/** The page an alert links to: what broke, how bad it is, what to do first; then why, and everything behind it. */
function IncidentPage() {
  const { id = '' } = useParams();
  const query = useQuery(incidentQuery(id));
  const rights = useRights();
  const { raw } = useTimeRange({ from: 'now-1h', to: 'now' });
  const modelId = query.data?.model_id ?? null;
  return (
    <DetailPage
      title={
        modelId === null
          ? t('incident.title', 'Incident')
          : t('incident.of', 'Incident of {{model}}', { model: modelId })
      }
      actions={
        <Stack gap={1} wrap="wrap">
          {modelId !== null && (
            <PageButton variant="secondary" icon="heart-rate" href={withRange(PAGES.model(modelId), raw)}>
              {t('incident.model', 'Model')}
            </PageButton>
          )}
          <Report id={id} />
        </Stack>
      }
    >
      <QueryView query={query} rows={12}>
        {(incident) => <Story incident={incident} rights={rights} />}
      </QueryView>
    </DetailPage>
  );
}

export default IncidentPage;
