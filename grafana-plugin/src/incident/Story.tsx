import React from 'react';
import { t } from '@grafana/i18n';
import { useTheme2 } from '@grafana/ui';
import type { Incident } from '../api/types';
import { duration, moment, relative, titled } from '../components/format';
import { Table } from '../components/Section';
import { Words } from '../components/Words';
import type { Phase, PhaseName } from './phases';

const NAMES: Record<PhaseName, () => string> = {
  change: () => t('story.change', 'Change'),
  'first-evidence': () => t('story.evidence', 'First evidence'),
  page: () => t('story.alert', 'Alert'),
  decision: () => t('story.decision', 'Decision'),
  recovery: () => t('story.recovery', 'Recovery'),
};
const MISSING: Record<PhaseName, () => string> = {
  change: () => t('story.no-change', 'No change is known'),
  'first-evidence': () => t('story.no-evidence', 'Not recorded'),
  page: () => t('story.no-page', 'Not yet'),
  decision: () => t('story.no-decision', 'Nobody has decided'),
  recovery: () => t('story.no-recovery', 'Not yet'),
};
const offset = (ms: number) => `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`;

/** Change → first evidence → alert → decision → recovery; the numbers are those marked in the charts. */
export function Phases({ phases, openedAtMs }: { phases: Phase[]; openedAtMs: number }) {
  const theme = useTheme2();
  return (
    <ol
      aria-label={t('story.phases', 'From change to recovery')}
      style={{
        listStyle: 'none',
        display: 'grid',
        gridTemplateColumns: 'repeat(auto-fit, minmax(min(170px, 100%), 1fr))',
        gap: 12,
      }}
    >
      {phases.map(({ name, atMs, text }, index) => (
        <li
          key={name}
          style={{
            borderTop: `3px solid ${atMs === null ? theme.colors.border.medium : theme.colors.primary.main}`,
            paddingTop: 6,
            minWidth: 0,
          }}
        >
          <strong>
            {index + 1} {NAMES[name]()}
          </strong>
          {atMs === null ? (
            <div style={{ color: theme.colors.text.secondary }}>{MISSING[name]()}</div>
          ) : (
            <>
              <div>
                <time dateTime={new Date(atMs).toISOString()} title={moment(atMs)}>
                  {relative(atMs)}
                </time>
                {name === 'page' ? '' : ` (${offset(atMs - openedAtMs)})`}
              </div>
              {text !== null && (
                <small
                  title={text}
                  style={{
                    display: '-webkit-box',
                    WebkitLineClamp: 3,
                    WebkitBoxOrient: 'vertical',
                    overflow: 'hidden',
                    overflowWrap: 'anywhere',
                  }}
                >
                  <Words>
                    {text === '' && name === 'change' ? t('story.estimated', 'Estimated from the data') : text}
                  </Words>
                </small>
              )}
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Everything that happened, oldest first, with its distance from the alert. */
export function Entries({ timeline, openedAtMs }: Pick<Incident, 'timeline'> & { openedAtMs: number }) {
  const entries = [...timeline].sort((a, b) => a.at_ms - b.at_ms);
  return (
    <Table
      head={[
        t('story.when', 'When'),
        t('story.offset', 'From the alert'),
        t('story.kind', 'What'),
        t('story.text', 'In words'),
      ]}
      rows={entries.map(({ at_ms, kind, text }, index) => ({
        key: `${at_ms}${kind}${index}`,
        cells: [
          <time key="t" dateTime={new Date(at_ms).toISOString()}>
            {moment(at_ms)}
          </time>,
          offset(at_ms - openedAtMs),
          <strong key="k">{titled(kind)}</strong>,
          <Words key="w">{text}</Words>,
        ],
      }))}
    />
  );
}
