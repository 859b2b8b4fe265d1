import React, { useMemo, useState } from 'react';
import { t } from '@grafana/i18n';
import { FilterInput, Button } from '@grafana/ui';
import type { Finding, ModelDetail, SignalDistribution } from '../api/types';
import { figure, signalName, subjectText, titled, wholePercent } from '../components/format';
import { Section, Table } from '../components/Section';
import { Words } from '../components/Words';
import { distanceOf, histogramOf } from './histogram';
import { SignalHistogram } from './SignalHistogram';

const FIRST_SHOWN = 6;
const FINDINGS_SHOWN = 20;
const effectText = ({ effect: { measure, value, interval } }: Finding) =>
  `${figure(value)} ${measure.replaceAll('-', ' ')}${interval === null ? '' : ` (${figure(interval.low)} … ${figure(interval.high)})`}`;

/** What detectors found, with the figures behind each; the first ones, and all on request. */
export function DriftTable({ model }: { model: ModelDetail }) {
  const [showsAll, setShowsAll] = useState(false);
  const odds = new Map(model.evidence.signals.map((signal) => [signal.signal, signal]));
  const { findings } = model;
  return findings.length === 0 ? (
    <p>{t('model.no-drift', 'Nothing differs from the baseline.')}</p>
  ) : (
    <>
      <Table
        head={[
          t('drift.subject', 'Signal'),
          t('drift.detector', 'Check'),
          t('drift.before', 'Before'),
          t('drift.now', 'Now'),
          t('drift.effect', 'Effect (interval)'),
          t('drift.statistic', 'Statistic (threshold)'),
          t('drift.evidence', 'Evidence'),
          t('drift.sentence', 'In words'),
        ]}
        rows={findings.slice(0, showsAll ? findings.length : FINDINGS_SHOWN).map((finding) => ({
          key: `${finding.detector}${finding.subject}`,
          cells: [
            subjectText(finding.subject),
            titled(finding.detector),
            figure(finding.before),
            figure(finding.now),
            effectText(finding),
            `${titled(finding.statistic.name)} ${figure(finding.statistic.value)} (${figure(finding.threshold)})`,
            odds.get(finding.subject)?.odds ?? '–',
            <Words key="w">{finding.sentence}</Words>,
          ],
        }))}
      />
      {!showsAll && findings.length > FINDINGS_SHOWN && (
        <Button variant="secondary" fill="text" onClick={() => setShowsAll(true)}>
          {t('drift.all', 'Show all {{count}}', { count: findings.length })}
        </Button>
      )}
    </>
  );
}

interface Moved {
  distribution: SignalDistribution;
  distance: number;
  isDrifted: boolean;
}

/** Signals with how far each has moved: those found to have changed first, then the farthest. */
export function farthestFirst(signals: SignalDistribution[], findings: Array<Pick<Finding, 'subject'>>): Moved[] {
  const drifted = new Set<string>(findings.map(({ subject }) => subject));
  return signals
    .map((distribution) => {
      const histogram = distribution.before === null || distribution.now === null ? null : histogramOf(distribution);
      return {
        distribution,
        distance: histogram === null ? 0 : distanceOf(histogram),
        isDrifted: drifted.has(distribution.signal),
      };
    })
    .sort((a, b) => Number(b.isDrifted) - Number(a.isDrifted) || b.distance - a.distance);
}

/** Baseline and current window of every signal, the farthest moved first; the rest on request. */
export function Distributions({ signals, findings }: { signals: SignalDistribution[]; findings: Finding[] }) {
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(FIRST_SHOWN);
  const moved = useMemo(() => farthestFirst(signals, findings), [signals, findings]);
  const fitting = moved.filter(({ distribution: { signal } }) =>
    signalName(signal).toLowerCase().includes(search.toLowerCase())
  );
  const searchText = t('model.search-feature', 'Search {{count}} features and outputs', { count: signals.length });
  const noteOf = ({ isDrifted, distance }: Moved) => (
    <small>
      {isDrifted ? `● ${t('model.drifted', 'changed')}, ` : ''}
      {t('model.moved', '{{share}} of the values moved', { share: wholePercent(distance) })}
    </small>
  );
  return (
    <Section
      title={t('model.distributions', 'Baseline against now')}
      actions={
        <FilterInput
          placeholder={searchText}
          aria-label={searchText}
          value={search}
          onChange={setSearch}
          escapeRegex={false}
        />
      }
    >
      {signals.length === 0 && (
        <p>
          {t(
            'model.no-signals',
            'No answer was counted yet. Log predictions with their features, or let mlfi ask the model, and the distributions appear here.'
          )}
        </p>
      )}
      <div
        style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(min(360px, 100%), 1fr))', gap: 16 }}
      >
        {fitting.slice(0, shown).map((one) => (
          <SignalHistogram key={one.distribution.signal} distribution={one.distribution} note={noteOf(one)} />
        ))}
      </div>
      {fitting.length > shown && (
        <Button variant="secondary" fill="text" onClick={() => setShown(shown + 12)}>
          {t('model.more', 'Show more ({{count}} left)', { count: fitting.length - shown })}
        </Button>
      )}
    </Section>
  );
}
