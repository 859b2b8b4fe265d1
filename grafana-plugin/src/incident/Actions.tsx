import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { recommendationsQuery } from '../api/decisions';
import type { Recommendation } from '../api/types';
import { Decision } from '../approvals/Decision';
import { isExecutable } from '../approvals/vote-rules';
import { QueryView } from '../components/States';
import type { Rights } from '../components/useRights';
import { ranked } from './actions';
import { Todo } from './Todo';

function Action({
  recommendation,
  rights,
  isCompact,
}: {
  recommendation: Recommendation;
  rights: Rights;
  isCompact: boolean;
}) {
  return isExecutable(recommendation) ? (
    <Decision recommendation={recommendation} rights={rights} isCompact={isCompact} />
  ) : (
    <Todo recommendation={recommendation} rights={rights} />
  );
}

/** The one thing to do first, written out; whatever else could be done, ranked and folded in below it. */
export function Actions({ incidentId, isClosed, rights }: { incidentId: string; isClosed: boolean; rights: Rights }) {
  const query = useQuery(recommendationsQuery({ incident: incidentId, limit: 50 }));
  return (
    <QueryView query={query} rows={3}>
      {(all) => {
        const {
          current: [first, ...others],
          refused,
          over,
        } = ranked(all);
        const list = (some: Recommendation[]) =>
          some.map((one) => <Action key={one.id} recommendation={one} rights={rights} isCompact />);
        return (
          <>
            {first === undefined ? (
              <p>
                {isClosed
                  ? t('incident.undecided', 'Nothing was carried out before it was over.')
                  : t('incident.no-advice', 'There is nothing to recommend yet.')}
              </p>
            ) : (
              <Action recommendation={first} rights={rights} isCompact={false} />
            )}
            {others.length > 0 && (
              <details style={{ marginTop: 8 }}>
                <summary>
                  {t('incident.other-actions', 'What else could be done ({{count}})', { count: others.length })}
                </summary>
                {list(others)}
              </details>
            )}
            {refused.length > 0 && (
              <details style={{ marginTop: 8 }}>
                <summary>
                  {t('incident.refused', 'Rejected or taken back ({{count}})', { count: refused.length })}
                </summary>
                {list(refused)}
              </details>
            )}
            {over.length > 0 && (
              <details style={{ marginTop: 8 }}>
                <summary>{t('incident.over', 'Withdrawn or expired ({{count}})', { count: over.length })}</summary>
                {list(over)}
              </details>
            )}
          </>
        );
      }}
    </QueryView>
  );
}
