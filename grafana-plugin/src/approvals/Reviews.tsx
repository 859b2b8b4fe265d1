import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Badge, TextLink } from '@grafana/ui';
import { useQueries, useQuery } from '@tanstack/react-query';
import { recommendationQuery, review as recordReview, reviewsQuery } from '../api/decisions';
import type { Recommendation, Review } from '../api/types';
import { relative, moment } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';
import { Section, Table } from '../components/Section';
import { FailureNotice } from '../components/States';
import type { Rights } from '../components/useRights';
import { PAGES } from '../constants';

function refusalOf(review: Review, recommendation: Recommendation | undefined, rights: Rights): string | null {
  if (rights.subject !== null && review.used_by.subject === rights.subject) {
    return t('reviews.own', 'You decided this alone; somebody else has to look at it.');
  }
  return recommendation === undefined ? null : rights.decideRefusal(recommendation);
}

/** Decisions that one person made alone in an emergency, which another approver still has to look at. */
export function Reviews({ rights }: { rights: Rights }) {
  const reviews = useQuery(reviewsQuery());
  const owed = reviews.data ?? [];
  const concerned = useQueries({
    queries: owed.map(({ recommendation_id }) => recommendationQuery(recommendation_id)),
  });
  const [asks, setAsks] = useState<Review | null>(null);
  const of = ({ recommendation_id }: Review) => concerned.find(({ data }) => data?.id === recommendation_id)?.data;
  if (reviews.error !== null && reviews.data === undefined) {
    return <FailureNotice failure={reviews.error} onRetry={() => void reviews.refetch()} />;
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
          const isLate = review.due_at_ms < reviews.dataUpdatedAt;
          return {
            key: review.recommendation_id,
            cells: [
              recommendation === undefined ? (
                review.recommendation_id
              ) : (
                <TextLink key="l" href={PAGES.incident(recommendation.incident_id)}>
                  {recommendation.title}
                </TextLink>
              ),
              review.used_by.name,
              review.ticket,
              recommendation?.votes.find(({ break_glass }) => break_glass !== null)?.reason ?? '–',
              <span key="d" title={moment(review.due_at_ms)}>
                {isLate ? <Badge color="red" text={t('reviews.late', 'overdue')} /> : relative(review.due_at_ms)}
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
            who: asks.used_by.name,
            interpolation: { escapeValue: false },
          })}
          reasonLabel={t('reviews.finding', 'What you found')}
          confirm={t('reviews.confirm', 'Record the review')}
          send={(finding) => recordReview(asks.recommendation_id, finding)}
          onClose={() => setAsks(null)}
        />
      )}
    </Section>
  );
}
