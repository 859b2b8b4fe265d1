import React from 'react';
import { t } from '@grafana/i18n';
import { useTheme2 } from '@grafana/ui';
import type { Incident } from '../api/types';
import { duration, moment, relative } from '../components/format';
import { Table } from '../components/Section';
import type { Phase, PhaseName } from './phases';

const NAMES: Record<PhaseName, () => string> = {
  change: () => t('story.change', 'Change'),
  'first-evidence': () => t('story.evidence', 'First evidence'),
  page: () => t('story.page', 'Page'),
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

/** Change → first evidence → page → decision → recovery; the numbers are those marked in the charts. */
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
              {text !== null && text !== '' && (
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
                  {text}
                </small>
              )}
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

/** Everything that happened, oldest first, with its distance from the page. */
export function Timeline({ timeline, openedAtMs }: Pick<Incident, 'timeline' | 'openedAtMs'>) {
  const entries = [...timeline].sort((a, b) => a.atMs - b.atMs);
  return (
    <Table
      head={[
        t('story.when', 'When'),
        t('story.offset', 'From the page'),
        t('story.kind', 'What'),
        t('story.text', 'In words'),
      ]}
      rows={entries.map(({ atMs, kind, text }, index) => ({
        key: `${atMs}${kind}${index}`,
        cells: [
          <time key="t" dateTime={new Date(atMs).toISOString()}>
            {moment(atMs)}
          </time>,
          offset(atMs - openedAtMs),
          <strong key="k">{kind.replaceAll('-', ' ')}</strong>,
          text,
        ],
      }))}
    />
  );
}
