import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { dateTime } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Stack } from '@grafana/ui';
import { PageButton } from '../components/PageButton';
import { aggregatesQuery } from '../api/models';
import type { Incident, ModelDetail } from '../api/types';
import { LiveFigures } from '../components/LiveFigures';
import { OverTime } from '../components/OverTime';
import { RangePicker } from '../components/RangePicker';
import { Section } from '../components/Section';
import { QueryView } from '../components/States';
import { useTimeRange } from '../components/useTimeRange';
import { dashboardUrl, exploreUrl } from '../links';
import { phasesOf } from './phases';
import { Entries, Phases } from './Story';

const AROUND_MS = 15 * 60_000;

/** The model's figures around the incident, with the steps of its story marked by number. */
export function Timeline({
  incident,
  model,
  estimatedMs,
}: {
  incident: Incident;
  model: ModelDetail | undefined;
  estimatedMs: number | null;
}) {
  const { opened_at_ms, closed_at_ms, model_id } = incident;
  const phases = phasesOf(incident, estimatedMs);
  const firstMs = Math.min(opened_at_ms, ...phases.flatMap(({ atMs }) => (atMs === null ? [] : [atMs])));
  const { range, raw, choose } = useTimeRange({
    from: dateTime(Math.max(firstMs, opened_at_ms - 86_400_000) - AROUND_MS),
    to: closed_at_ms === null ? 'now' : dateTime(closed_at_ms + AROUND_MS),
  });
  const [fromMs, toMs] = [range.from.valueOf(), range.to.valueOf()];
  const aggregates = useQuery(
    aggregatesQuery(model_id, { fromMs, toMs }, JSON.stringify(raw ?? [firstMs, closed_at_ms]))
  );
  const marks = phases.flatMap(({ atMs }, index) => (atMs === null ? [] : [{ atMs, name: String(index + 1) }]));
  return (
    <Section
      title={t('incident.timeline', 'Timeline')}
      actions={
        <Stack gap={1} wrap="wrap" alignItems="center">
          <RangePicker range={range} isChosen={raw !== null} onChoose={choose} />
          <PageButton size="sm" variant="secondary" icon="apps" href={dashboardUrl(model_id, raw ?? range.raw)}>
            {t('model.dashboard', 'Dashboard')}
          </PageButton>
          <PageButton size="sm" variant="secondary" icon="compass" href={exploreUrl(model_id, raw ?? range.raw)}>
            {t('model.explore', 'Explore')}
          </PageButton>
        </Stack>
      }
    >
      <Phases phases={phases} openedAtMs={opened_at_ms} />
      <QueryView query={aggregates} rows={3}>
        {(csv) => (
          <OverTime
            data={csv}
            range={raw === null ? undefined : [fromMs, toMs]}
            marks={marks}
            otherwise={
              model === undefined || closed_at_ms !== null ? undefined : <LiveFigures model={model} marks={marks} />
            }
          />
        )}
      </QueryView>
      <details>
        <summary>
          {t('incident.everything', 'Everything that happened ({{count}})', { count: incident.timeline.length })}
        </summary>
        <Entries timeline={incident.timeline} openedAtMs={opened_at_ms} />
      </details>
    </Section>
  );
}
