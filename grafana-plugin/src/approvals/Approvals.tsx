import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { EmptyState } from '@grafana/ui';
import { recommendationsQuery } from '../api/decisions';
import type { Recommendation } from '../api/types';
import { Page } from '../components/Page';
import { Section } from '../components/Section';
import { QueryView } from '../components/States';
import { useRights } from '../components/useRights';
import { Decision } from './Decision';
import { KillSwitchControl } from './KillSwitch';
import { Reviews } from './Reviews';
import { isExecutable, isOver, refusalOf } from './vote-rules';

/** Still under way: nobody has to vote, but people look at what becomes of it. */
const UNDER_WAY: ReadonlyArray<Recommendation['state']> = ['approved', 'dispatching', 'unknown', 'succeeded'];
const DECIDED_SHOWN = 50;

/** What waits for me, what waits for others, what is under way, what people decided. Advice is not here: nothing executes it. */
function Approvals() {
  const query = useQuery(recommendationsQuery({ limit: 200 }));
  const rights = useRights();
  const cards = (recommendations: Recommendation[]) =>
    recommendations.map((recommendation) => (
      <Decision key={recommendation.id} recommendation={recommendation} rights={rights} showIncident isCompact />
    ));
  const list = (title: string, recommendations: Recommendation[]) =>
    recommendations.length === 0 ? null : (
      <Section
        title={t('approvals.counted', '{{title}} ({{count}})', {
          title,
          count: recommendations.length,
          interpolation: { escapeValue: false },
        })}
      >
        {cards(recommendations)}
      </Section>
    );
  return (
    <KillSwitchControl rights={rights}>
      {(banner, stop) => (
        <Page
          subTitle={t('approvals.subtitle', 'Nothing is executed before the people asked for have approved it')}
          actions={stop}
        >
          {banner}
          <Reviews rights={rights} />
          <QueryView query={query}>
            {(all) => {
              const executable = all.filter(isExecutable);
              const pending = executable.filter(({ state }) => state === 'pending');
              const mine = pending.filter((recommendation) => refusalOf(recommendation, rights) === null);
              const over = executable.filter(isOver);
              const decided = executable.filter(
                (recommendation) =>
                  recommendation.state !== 'pending' &&
                  !UNDER_WAY.includes(recommendation.state) &&
                  !isOver(recommendation)
              );
              return executable.length === 0 ? (
                <EmptyState variant="completed" message={t('approvals.empty', 'Nothing to decide')}>
                  {t(
                    'approvals.empty-next',
                    'When a model fails and mlfi can do something about it, the action waits here for approval. Advice that people carry out stands in its incident.'
                  )}
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
                    executable.filter(({ state }) => UNDER_WAY.includes(state))
                  )}
                  {list(t('approvals.decided', 'Decided'), decided.slice(0, DECIDED_SHOWN))}
                  {over.length > 0 && (
                    <details>
                      <summary>
                        {t('approvals.over', 'Ended without a decision ({{count}})', { count: over.length })}
                      </summary>
                      {cards(over.slice(0, DECIDED_SHOWN))}
                    </details>
                  )}
                </>
              );
            }}
          </QueryView>
        </Page>
      )}
    </KillSwitchControl>
  );
}

export default Approvals;
