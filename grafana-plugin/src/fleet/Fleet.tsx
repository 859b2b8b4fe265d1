import React, { useEffect, useMemo, useRef, useState } from 'react';
import { FieldType, type FieldSparkline } from '@grafana/data';
import { t } from '@grafana/i18n';
import {
  Badge,
  EmptyState,
  FilterInput,
  InteractiveTable,
  LinkButton,
  Sparkline,
  TextLink,
  useTheme2,
  type Column,
} from '@grafana/ui';
import { exporter } from '../api/client';
import type { FleetModel } from '../api/types';
import { useLive } from '../api/useLive';
import {
  figure,
  percent,
  relative,
  seconds,
  SEVERITY_COLOURS,
  SEVERITY_RANK,
  STATE_COLOURS,
  DASH,
} from '../components/format';
import { Page } from '../components/Page';
import { LiveView } from '../components/States';
import { PAGES } from '../constants';

const KEPT = 60;
type Row = FleetModel & { severity_rank: number; budget: number; trail: number[] };

function baselineText({ baseline }: FleetModel): string {
  if (baseline.state === 'learning') {
    const { samples = 0, required_samples } = baseline;
    return required_samples && samples < required_samples
      ? t('fleet.learning', 'learning {{share}} %', {
          share: Math.min(100, Math.round((100 * samples) / required_samples)),
        })
      : t('fleet.learning-on', 'learning');
  }
  return baseline.state === 'absent' ? DASH : `v${baseline.version}`;
}

function Trail({ values }: { values: number[] }) {
  const theme = useTheme2();
  const sparkline: FieldSparkline = useMemo(
    () => ({
      y: {
        name: 'confidence',
        type: FieldType.number,
        config: { custom: { lineWidth: 1, fillOpacity: 10 } },
        values,
        state: { range: { min: 0, max: 1, delta: 1 } },
      },
    }),
    [values]
  );
  return values.length < 2 ? null : (
    <div aria-hidden>
      <Sparkline width={90} height={24} sparkline={sparkline} theme={theme} />
    </div>
  );
}

/** Remembers the last minutes of confidence of every model while the page is open. */
function useTrails(models: FleetModel[] | null): Map<string, number[]> {
  const kept = useRef(new Map<string, number[]>());
  const [trails, setTrails] = useState<Map<string, number[]>>(new Map());
  useEffect(() => {
    for (const { id, confidence_mean } of models ?? []) {
      if (confidence_mean !== null) {
        kept.current.set(id, [...(kept.current.get(id) ?? []), confidence_mean].slice(-KEPT));
      }
    }
    setTrails(new Map(kept.current));
  }, [models]);
  return trails;
}

/** What is wrong, without the name that stands in the first column. */
function headlineOf({ headline, name }: FleetModel): string {
  return headline === null
    ? t('fleet.incident', 'Open incident')
    : headline.startsWith(`${name}: `)
      ? headline.slice(name.length + 2)
      : headline;
}

const columns = (): Array<Column<Row>> => [
  {
    id: 'name',
    header: t('fleet.model', 'Model'),
    sortType: 'alphanumeric',
    cell: ({ row: { original } }) => (
      <TextLink href={PAGES.model(original.id)} inline={false}>
        {original.name.length > 48 ? `${original.name.slice(0, 47)}…` : original.name}
      </TextLink>
    ),
  },
  {
    id: 'state',
    header: t('fleet.state', 'State'),
    sortType: 'alphanumeric',
    cell: ({ row: { original } }) => <Badge text={original.state} color={STATE_COLOURS[original.state]} />,
  },
  {
    id: 'severity_rank',
    header: t('fleet.severity', 'Severity'),
    sortType: 'number',
    cell: ({ row: { original } }) =>
      original.severity === 'none' ? (
        DASH
      ) : (
        <Badge text={original.severity} color={SEVERITY_COLOURS[original.severity]} />
      ),
  },
  {
    id: 'headline',
    header: t('fleet.trouble', 'What is wrong'),
    cell: ({ row: { original } }) =>
      original.incident_id === null ? (
        DASH
      ) : (
        <TextLink href={PAGES.incident(original.incident_id)} inline={false}>
          {headlineOf(original)}
        </TextLink>
      ),
  },
  {
    id: 'confidence_mean',
    header: t('fleet.confidence', 'Confidence'),
    sortType: 'number',
    cell: ({ row: { original } }) => (
      <span>
        {figure(original.confidence_mean, 2)}
        <Trail values={original.trail} />
      </span>
    ),
  },
  {
    id: 'error_share',
    header: t('fleet.errors', 'Errors'),
    sortType: 'number',
    cell: ({ row: { original } }) => percent(original.error_share),
  },
  {
    id: 'latency_p50_seconds',
    header: t('fleet.latency', 'Latency p50'),
    sortType: 'number',
    cell: ({ row: { original } }) => seconds(original.latency_p50_seconds),
  },
  {
    id: 'total_samples',
    header: t('fleet.samples', 'Samples'),
    sortType: 'number',
    cell: ({ row: { original } }) => original.total_samples.toLocaleString('en-US'),
  },
  { id: 'baseline', header: t('fleet.baseline', 'Baseline'), cell: ({ row: { original } }) => baselineText(original) },
  {
    id: 'budget',
    header: t('fleet.budget', 'False-page budget left'),
    sortType: 'number',
    cell: ({ row: { original } }) => percent(original.evidence.budget_left),
  },
  {
    id: 'last_probe_at_ms',
    header: t('fleet.probe', 'Last probe'),
    sortType: 'number',
    cell: ({ row: { original } }) => relative(original.last_probe_at_ms),
  },
];

/** Every watched model, worst first, refreshed every two seconds. */
function Fleet() {
  const live = useLive('models', exporter.models);
  const trails = useTrails(live.data);
  const [search, setSearch] = useState('');
  const shown = useMemo(() => columns(), []);
  const rows = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return (live.data ?? [])
      .filter((model) =>
        words.every((word) =>
          [model.name, model.id, model.state, model.severity, model.owner ?? '', model.headline ?? '', ...model.tags]
            .join(' ')
            .toLowerCase()
            .includes(word)
        )
      )
      .map((model) => ({
        ...model,
        severity_rank: SEVERITY_RANK[model.severity],
        budget: model.evidence.budget_left,
        trail: trails.get(model.id) ?? [],
      }))
      .sort((a, b) => b.severity_rank - a.severity_rank || a.name.localeCompare(b.name));
  }, [live.data, search, trails]);
  const connect = (
    <LinkButton icon="plus" href={PAGES.connect}>
      {t('fleet.connect', 'Connect a model')}
    </LinkButton>
  );
  return (
    <Page
      title={t('fleet.title', 'Fleet')}
      subTitle={t('fleet.subtitle', 'Every watched model, the worst first')}
      actions={connect}
    >
      <LiveView live={live} rows={10}>
        {(models) =>
          models.length === 0 ? (
            <EmptyState variant="call-to-action" message={t('fleet.empty', 'No model is watched yet')} button={connect}>
              {t(
                'fleet.empty-next',
                'Paste the address of a model: mlfi finds out how to ask it, learns what is normal, and tells you when and why it fails.'
              )}
            </EmptyState>
          ) : (
            <>
              <div style={{ display: 'flex', gap: 16, alignItems: 'center', marginBottom: 8, flexWrap: 'wrap' }}>
                <div style={{ width: 320, maxWidth: '100%' }}>
                  <FilterInput
                    placeholder={t('fleet.search', 'Search name, state, owner, tag')}
                    aria-label={t('fleet.search', 'Search name, state, owner, tag')}
                    value={search}
                    onChange={setSearch}
                    escapeRegex={false}
                  />
                </div>
                <span aria-live="polite">
                  {t('fleet.count', '{{shown}} of {{all}} models', { shown: rows.length, all: models.length })}
                </span>
              </div>
              {rows.length === 0 ? (
                <EmptyState variant="not-found" message={t('fleet.none-found', 'No model fits the search')} />
              ) : (
                <div style={{ overflowX: 'auto' }}>
                  <InteractiveTable columns={shown} data={rows} getRowId={(model) => model.id} pageSize={25} />
                </div>
              )}
            </>
          )
        }
      </LiveView>
    </Page>
  );
}

export default Fleet;
