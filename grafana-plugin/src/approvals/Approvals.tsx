import React from 'react';
import { t } from '@grafana/i18n';
import { EmptyState } from '@grafana/ui';
import { exporter } from '../api/client';
import type { Recommendation } from '../api/types';
import { useLive } from '../api/useLive';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { LiveView } from '../components/States';
import { useRights } from '../components/useRights';
import { Decision, refusalOf } from './Decision';

/** What waits for me, what waits for others, what was decided. */
function Approvals() {
  const live = useLive('recommendations', () => exporter.recommendations({ limit: 200 }));
  const rights = useRights();
  const list = (title: string, recommendations: Recommendation[], isCompact: boolean) =>
    recommendations.length === 0 ? null : (
      <Section title={`${title} (${recommendations.length})`}>
        {recommendations.map((recommendation) => (
          <Decision key={recommendation.id} recommendation={recommendation} rights={rights} onDecided={live.refresh} showIncident isCompact={isCompact} />
        ))}
      </Section>
    );
  return (
    <Page title={t('approvals.title', 'Approvals')} subTitle={t('approvals.subtitle', 'Nothing is executed before the people asked for have approved it')}>
      <LiveView live={live}>
        {(all) => {
          const pending = all.filter(({ state }) => state === 'pending');
          const mine = pending.filter((recommendation) => refusalOf(recommendation, rights) === null);
          return all.length === 0 ? (
            <EmptyState variant="completed" message={t('approvals.empty', 'Nothing to decide')}>
              {t('approvals.empty-next', 'When a model fails, mlfi ranks what to do about it here.')}
            </EmptyState>
          ) : (
            <>
              {pending.length === 0 && <p>{t('approvals.none', 'Nothing waits for a decision.')}</p>}
              {list(t('approvals.mine', 'Waiting for me'), mine, true)}
              {list(t('approvals.others', 'Waiting for others'), pending.filter((recommendation) => !mine.includes(recommendation)), true)}
              {list(t('approvals.decided', 'Decided'), all.filter(({ state }) => state !== 'pending').slice(0, 50), true)}
            </>
          );
        }}
      </LiveView>
    </Page>
  );
}

export default Approvals;
