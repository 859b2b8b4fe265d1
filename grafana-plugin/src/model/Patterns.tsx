import React from 'react';
import { t } from '@grafana/i18n';
import type { ModelDetail } from '../api/types';
import { duration, relative, titled } from '../components/format';
import { Section, Table } from '../components/Section';

type Pattern = ModelDetail['recurring_causes'][number];

/** A Monday, for the names of the days; 0 = Sunday as the exporter counts. */
const weekdayName = (weekday: number) =>
  new Date(Date.UTC(2024, 0, 7 + weekday)).toLocaleDateString(undefined, { weekday: 'long', timeZone: 'UTC' });
const clock = (hour: number) => `${String(hour).padStart(2, '0')}:00`;

function hoursText({ hours }: Pattern): string {
  if (hours === null) {
    return t('patterns.no-hours', 'at no certain hours');
  }
  const span = t('patterns.hours', '{{from}}–{{to}} UTC', { from: clock(hours.from_hour), to: clock(hours.to_hour) });
  return hours.weekday === null ? span : `${weekdayName(hours.weekday)} ${span}`;
}

/** Causes that keep coming back to this model, and what would end them for good; nothing when there are none. */
export function Patterns({ patterns }: { patterns: Pattern[] }) {
  return patterns.length === 0 ? null : (
    <Section title={t('patterns.title', 'What keeps coming back')}>
      <Table
        head={[
          t('patterns.cause', 'Cause'),
          t('patterns.features', 'Features'),
          t('patterns.times', 'Times'),
          t('patterns.every', 'About every'),
          t('patterns.last', 'Last'),
          t('patterns.when', 'When'),
          t('patterns.for-good', 'For good'),
        ]}
        rows={patterns.map((pattern) => ({
          key: `${pattern.cause}${pattern.features.join()}`,
          cells: [
            titled(pattern.cause),
            pattern.features.join(', ') || '–',
            pattern.incidents,
            duration(pattern.every_ms),
            relative(pattern.last_at_ms),
            hoursText(pattern),
            <span key="r">
              <strong>{pattern.recommendation.title}</strong> {pattern.recommendation.why}
            </span>,
          ],
        }))}
      />
    </Section>
  );
}
