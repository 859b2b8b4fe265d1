import React from 'react';
import { t } from '@grafana/i18n';
import { TextLink } from '@grafana/ui';
import type { Diagnosis, SimilarIncident } from '../api/types';
import { ACTION_TEXTS, figure, percent, relative, titled } from '../components/format';
import { Section, Table } from '../components/Section';
import { plain, Words } from '../components/Words';
import { PAGES } from '../constants';
import { Attributions, Waterfall } from './Contributions';

const SIDE_BY_SIDE = {
  display: 'grid',
  gridTemplateColumns: 'repeat(auto-fit, minmax(min(440px, 100%), 1fr))',
  columnGap: 16,
  alignItems: 'start',
} as const;

/** Where the harm is, how the drop divides, which features carry it, and what was not checked. */
export function Details({ diagnosis }: { diagnosis: Diagnosis }) {
  const { decomposition, attributions, surrogate, repairs = [], segments, unexplained, blind_spots } = diagnosis;
  const repairsTold = [...new Set(repairs.map(({ sentence }) => sentence))];
  return (
    <>
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
                titled(measure),
                figure(before),
                figure(now),
                percent(contribution),
              ],
            }))}
          />
        </Section>
      )}
      <div style={SIDE_BY_SIDE}>
        {decomposition !== null && (
          <Section title={t('incident.waterfall', 'How the change divides')}>
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
              <li key={sentence}>
                <Words>{sentence}</Words>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {(unexplained !== null || blind_spots.length > 0) && (
        <Section title={t('incident.unknown', 'What was not checked or explained')}>
          {unexplained !== null && (
            <p>
              <Words>{unexplained}</Words>
            </p>
          )}
          <ul style={{ paddingLeft: 18 }}>
            {blind_spots.map(({ check, reason }) => (
              <li key={check}>
                {titled(check)}: <Words>{reason}</Words>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

/** Incidents like this one, with what was done and whether it helped. */
export function Similar({ similar, isClosed }: { similar: SimilarIncident[]; isClosed: boolean }) {
  return similar.length === 0 ? (
    <p>
      {isClosed
        ? t('incident.only', 'Nothing else like it is remembered.')
        : t('incident.first', 'No similar incident yet. This one is remembered once it is closed.')}
    </p>
  ) : (
    <Table
      head={[
        t('incident.likeness', 'Similarity'),
        t('incident.what', 'What happened'),
        t('incident.when', 'Closed'),
        t('incident.helped', 'What was done'),
      ]}
      rows={similar.map(({ lesson, similarity }) => ({
        key: lesson.incident_id,
        cells: [
          percent(similarity),
          <TextLink key="l" href={PAGES.incident(lesson.incident_id)}>
            {plain(lesson.headline)}
          </TextLink>,
          relative(lesson.closed_at_ms),
          lesson.actions
            .map(({ action, outcome }) => `${ACTION_TEXTS[action]()}: ${outcome.replace('_', ' ')}`)
            .join(', ') || '–',
        ],
      }))}
    />
  );
}
