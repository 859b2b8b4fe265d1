import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Badge, TextLink } from '@grafana/ui';
import { exporter } from '../api/client';
import type { Recommendation, Review } from '../api/types';
import { useLive } from '../api/useLive';
import { relative, moment } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';
import { Section, Table } from '../components/Section';
import { FailureNotice } from '../components/States';
import type { Rights } from '../components/useRights';
import { PAGES } from '../constants';

function refusalOf(review: Review, recommendation: Recommendation | undefined, rights: Rights): string | null {
  if (rights.subject !== null && review.usedBy.subject === rights.subject) {
    return t('reviews.own', 'You decided this alone; somebody else has to look at it.');
  }
  return recommendation === undefined ? null : rights.decideRefusal(recommendation.action);
}

/** Decisions that one person made alone in an emergency, which another approver still has to look at. */
export function Reviews({ rights }: { rights: Rights }) {
  const live = useLive('reviews', exporter.reviews, 5_000);
  const concerned = useLive(
    `reviewed/${(live.data ?? []).map(({ recommendationId }) => recommendationId).join()}`,
    () => Promise.all((live.data ?? []).map(({ recommendationId }) => exporter.recommendation(recommendationId))),
    60_000
  );
  const [asks, setAsks] = useState<Review | null>(null);
  const owed = live.data ?? [];
  const of = ({ recommendationId }: Review) => concerned.data?.find(({ id }) => id === recommendationId);
  if (live.failure !== null && live.data === null) {
    return <FailureNotice failure={live.failure} onRetry={live.refresh} />;
  }
  if (owed.length === 0) {
    return null;
  }
  return (
    <Section title={t('reviews.title', 'Break-glass decisions to review ({{count}})', { count: owed.length })}>
      <p>
        {t(
          'reviews.what',
          'One person decided alone, past the approvals that are asked for. Another approver says whether that was right.'
        )}
      </p>
      <Table
        head={[
          t('reviews.decision', 'Decision'),
          t('reviews.who', 'Decided alone by'),
          t('reviews.ticket', 'Ticket'),
          t('reviews.reason', 'Their reason'),
          t('reviews.due', 'Review due'),
          '',
        ]}
        rows={owed.map((review) => {
          const recommendation = of(review);
          const isLate = live.atMs !== null && review.dueAtMs < live.atMs;
          return {
            key: review.recommendationId,
            cells: [
              recommendation === undefined ? (
                review.recommendationId
              ) : (
                <TextLink key="l" href={PAGES.incident(recommendation.incidentId)}>
                  {recommendation.title}
                </TextLink>
              ),
              review.usedBy.name,
              review.ticket,
              recommendation?.votes.find(({ breakGlass }) => breakGlass !== undefined)?.reason ?? '–',
              <span key="d" title={moment(review.dueAtMs)}>
                {isLate ? <Badge color="red" text={t('reviews.late', 'overdue')} /> : relative(review.dueAtMs)}
              </span>,
              <GuardedButton
                key="b"
                size="sm"
                refusal={refusalOf(review, recommendation, rights)}
                onClick={() => setAsks(review)}
              >
                {t('reviews.review', 'Review')}
              </GuardedButton>,
            ],
          };
        })}
      />
      {asks !== null && (
        <ReasonDialog
          title={t('reviews.review-title', 'Review what {{who}} decided alone', {
            who: asks.usedBy.name,
            interpolation: { escapeValue: false },
          })}
          reasonLabel={t('reviews.finding', 'What you found')}
          confirm={t('reviews.confirm', 'Record the review')}
          send={(finding) => exporter.review(asks.recommendationId, finding)}
          onClose={() => setAsks(null)}
          onDone={live.refresh}
        />
      )}
    </Section>
  );
}
