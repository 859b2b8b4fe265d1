import React, { useMemo, useState } from 'react';
import { t } from '@grafana/i18n';
import { FilterInput, Button } from '@grafana/ui';
import type { Finding, ModelDetail, SignalDistribution } from '../api/types';
import { figure, signalName } from '../components/format';
import { Plot } from '../components/Plot';
import { Section, Table } from '../components/Section';
import { histogramOf } from './histogram';

const FIRST_SHOWN = 6;
const FINDINGS_SHOWN = 20;
const asPercent = (value: number) => `${Math.round(100 * value)} %`;
const effectText = ({ effect: { measure, value, interval } }: Finding) =>
  `${figure(value)} ${measure.replace('-', ' ')}${interval === null ? '' : ` (${figure(interval.low)} … ${figure(interval.high)})`}`;

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
          t('drift.statistic', 'Statistic'),
          t('drift.threshold', 'Threshold'),
          t('drift.effect', 'Effect (interval)'),
          t('drift.before', 'Before'),
          t('drift.now', 'Now'),
          t('drift.evidence', 'Evidence'),
          t('drift.sentence', 'In words'),
        ]}
        rows={findings.slice(0, showsAll ? findings.length : FINDINGS_SHOWN).map((finding) => ({
          key: `${finding.detector}${finding.subject}`,
          cells: [
            signalName(finding.subject),
            finding.detector,
            `${finding.statistic.name.replaceAll('_', ' ')} ${figure(finding.statistic.value)}`,
            figure(finding.threshold),
            effectText(finding),
            figure(finding.before),
            figure(finding.now),
            odds.get(finding.subject)?.odds ?? '–',
            finding.sentence,
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

function Histogram({ distribution, isDrifted }: { distribution: SignalDistribution; isDrifted: boolean }) {
  const histogram = useMemo(() => histogramOf(distribution), [distribution]);
  const name = signalName(distribution.signal);
  if (histogram === null) {
    return null;
  }
  const { x, labels, before, now } = histogram;
  // Labels of neighbours would lie on each other.
  const every = Math.ceil(labels.length / 5);
  const formatX = (value: number) => (Number.isInteger(value) && value % every === 0 ? (labels[value] ?? '') : '');
  return (
    <div style={{ minWidth: 0 }}>
      <strong style={{ overflowWrap: 'anywhere' }}>{name}</strong>{' '}
      {isDrifted ? <small>● {t('model.drifted', 'changed')}</small> : null}
      <Plot
        label={t('model.histogram', '{{name}}: share of values in each bin, baseline and now', { name })}
        x={x}
        isTime={false}
        style="bars"
        formatY={asPercent}
        formatX={formatX}
        series={[
          ...(distribution.before === null
            ? []
            : [{ name: t('model.baseline', 'baseline'), values: before, colour: 'before' as const }]),
          { name: t('model.now', 'now'), values: now, colour: 'now' as const },
        ]}
      />
    </div>
  );
}

/** Baseline and current window of every signal, changed ones first; the rest on request. */
export function Distributions({ signals, findings }: { signals: SignalDistribution[]; findings: Finding[] }) {
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(FIRST_SHOWN);
  const drifted = useMemo(() => new Set<string>(findings.map(({ subject }) => subject)), [findings]);
  const fitting = signals
    .filter(({ signal }) => signalName(signal).toLowerCase().includes(search.toLowerCase()))
    .sort((a, b) => Number(drifted.has(b.signal)) - Number(drifted.has(a.signal)));
  const searchText = t('model.search-feature', 'Search {{count}} features and outputs', { count: signals.length });
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
      <div
        style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(min(360px, 100%), 1fr))', gap: 16 }}
      >
        {fitting.slice(0, shown).map((distribution) => (
          <Histogram
            key={distribution.signal}
            distribution={distribution}
            isDrifted={drifted.has(distribution.signal)}
          />
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
