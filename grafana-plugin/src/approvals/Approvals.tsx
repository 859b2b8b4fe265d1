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
import { KillSwitchControl, useKillSwitch } from './KillSwitch';
import { Reviews } from './Reviews';

/** Still under way: nobody has to vote, but people look at what becomes of it. */
const UNDER_WAY: ReadonlyArray<Recommendation['state']> = ['approved', 'dispatching', 'unknown', 'succeeded'];
const DECIDED_SHOWN = 50;

/** What waits for me, what waits for others, what is under way, what was decided. */
function Approvals() {
  const live = useLive('recommendations', () => exporter.recommendations({ limit: 200 }));
  const killSwitch = useKillSwitch();
  const rights = useRights();
  const list = (title: string, recommendations: Recommendation[]) =>
    recommendations.length === 0 ? null : (
      <Section title={t('approvals.counted', '{{title}} ({{count}})', { title, count: recommendations.length })}>
        {recommendations.map((recommendation) => (
          <Decision
            key={recommendation.id}
            recommendation={recommendation}
            rights={rights}
            onDecided={live.refresh}
            showIncident
            isCompact
          />
        ))}
      </Section>
    );
  return (
    <KillSwitchControl live={killSwitch} rights={rights}>
      {(banner, stop) => (
        <Page
          title={t('approvals.title', 'Approvals')}
          subTitle={t('approvals.subtitle', 'Nothing is executed before the people asked for have approved it')}
          actions={stop}
        >
          {banner}
          <Reviews rights={rights} />
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
                  {list(t('approvals.mine', 'Waiting for me'), mine)}
                  {list(
                    t('approvals.others', 'Waiting for others'),
                    pending.filter((recommendation) => !mine.includes(recommendation))
                  )}
                  {list(
                    t('approvals.under-way', 'Under way'),
                    all.filter(({ state }) => UNDER_WAY.includes(state))
                  )}
                  {list(
                    t('approvals.decided', 'Decided'),
                    all.filter(({ state }) => state !== 'pending' && !UNDER_WAY.includes(state)).slice(0, DECIDED_SHOWN)
                  )}
                </>
              );
            }}
          </LiveView>
        </Page>
      )}
    </KillSwitchControl>
  );
}

export default Approvals;
