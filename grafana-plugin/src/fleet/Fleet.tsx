import React, { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router-dom';
import { t } from '@grafana/i18n';
import { Button, Combobox, EmptyState, FilterInput } from '@grafana/ui';
import { PageButton } from '../components/PageButton';
import { fleetQuery } from '../api/models';
import type { FleetModel } from '../api/types';
import { SEVERITY_RANK, STATE_TEXTS } from '../components/format';
import { Page } from '../components/Page';
import { QueryView } from '../components/States';
import { PAGES } from '../constants';
import { FleetTable } from './FleetTable';
import { linesOf } from './lines';

const SHOWN = 50;
const STATE_RANK: Record<FleetModel['state'], number> = {
  unreachable: 5,
  failing: 4,
  degraded: 3,
  configuring: 2,
  learning: 2,
  healthy: 1,
  paused: 0,
};

/** The worst first: by severity, then by state, then by name. */
const worstFirst = (a: FleetModel, b: FleetModel) =>
  SEVERITY_RANK[b.severity] - SEVERITY_RANK[a.severity] ||
  STATE_RANK[b.state] - STATE_RANK[a.state] ||
  a.name.localeCompare(b.name);

const FILTERS = ['q', 'state', 'owner', 'tag'] as const;
type Filter = Record<(typeof FILTERS)[number], string>;

/** Whether a model fits what is searched and filtered for. */
function fits(model: FleetModel, { q, state, owner, tag }: Filter): boolean {
  const text = [
    model.name,
    model.id,
    model.state,
    model.severity,
    model.owner ?? '',
    model.headline ?? '',
    ...model.tags,
  ]
    .join(' ')
    .toLowerCase();
  return (
    (state === '' || model.state === state) &&
    (owner === '' || model.owner === owner) &&
    (tag === '' || model.tags.includes(tag)) &&
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  );
}

/** What the address says the list is narrowed to, and how to say something else. */
function useFilter(): [Filter, (name: keyof Filter, value: string) => void] {
  const [parameters, setParameters] = useSearchParams();
  const of = (name: keyof Filter) => parameters.get(name) ?? '';
  const choose = (name: keyof Filter, value: string) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === '') {
          after.delete(name);
        } else {
          after.set(name, value);
        }
        return after;
      },
      { replace: true }
    );
  return [{ q: of('q'), state: of('state'), owner: of('owner'), tag: of('tag') }, choose];
}

const sorted = (texts: Iterable<string>) => [...new Set(texts)].sort((a, b) => a.localeCompare(b));

function Choice({
  name,
  value,
  options,
  onChoose,
}: {
  name: string;
  value: string;
  options: Array<{ value: string; label: string }>;
  onChoose: (value: string) => void;
}) {
  return options.length < 2 && value === '' ? null : (
    <div style={{ width: 150 }}>
      <Combobox
        aria-label={name}
        placeholder={name}
        isClearable
        options={options}
        value={value === '' ? null : value}
        onChange={(chosen: { value: string } | null) => onChoose(chosen?.value ?? '')}
      />
    </div>
  );
}

function Filters({
  models,
  filter,
  onChoose,
  count,
}: {
  models: FleetModel[];
  filter: Filter;
  onChoose: (name: keyof Filter, value: string) => void;
  count: number;
}) {
  const asOptions = (values: string[]) => values.map((value) => ({ value, label: value }));
  const search = t('fleet.search', 'Search models');
  const states = models.map(({ state }) => state);
  return (
    <div style={{ display: 'flex', gap: 8, alignItems: 'center', marginBottom: 8, flexWrap: 'wrap' }}>
      <div style={{ width: 240, maxWidth: '100%' }}>
        <FilterInput
          placeholder={search}
          aria-label={search}
          value={filter.q}
          onChange={(value) => onChoose('q', value)}
          escapeRegex={false}
        />
      </div>
      <Choice
        name={t('fleet.state', 'State')}
        value={filter.state}
        options={[...new Set(states)].map((state) => ({ value: state, label: STATE_TEXTS[state]() }))}
        onChoose={(value) => onChoose('state', value)}
      />
      <Choice
        name={t('fleet.owner', 'Owner')}
        value={filter.owner}
        options={asOptions(sorted(models.flatMap(({ owner }) => (owner === null ? [] : [owner]))))}
        onChoose={(value) => onChoose('owner', value)}
      />
      <Choice
        name={t('fleet.tag', 'Tag')}
        value={filter.tag}
        options={asOptions(sorted(models.flatMap(({ tags }) => tags)))}
        onChoose={(value) => onChoose('tag', value)}
      />
      <span aria-live="polite">
        {t('fleet.count', '{{shown}} of {{all}} models', { shown: count, all: models.length })}
      </span>
    </div>
  );
}

function Models({ models }: { models: FleetModel[] }) {
  const [filter, choose] = useFilter();
  const [shown, setShown] = useState(SHOWN);
  const { q, state, owner, tag } = filter;
  const rows = useMemo(
    () => linesOf(models.filter((model) => fits(model, { q, state, owner, tag })).sort(worstFirst)),
    [models, q, state, owner, tag]
  );
  return (
    <>
      <Filters models={models} filter={filter} onChoose={choose} count={rows.flat().length} />
      {rows.length === 0 ? (
        <EmptyState variant="not-found" message={t('fleet.none-found', 'No model fits')} />
      ) : (
        <FleetTable lines={rows.slice(0, shown)} />
      )}
      {rows.length > shown && (
        <Button variant="secondary" fill="text" onClick={() => setShown(shown + 2 * SHOWN)}>
          {t('fleet.more', 'Show more ({{count}} left)', { count: rows.length - shown })}
        </Button>
      )}
    </>
  );
}

/** Every watched model, one line each, the worst first; those with one fault upstream are one line that unfolds. */
function Fleet() {
  const query = useQuery(fleetQuery());
  const connect = (
    <PageButton icon="plus" href={PAGES.connect}>
      {t('fleet.connect', 'Connect a model')}
    </PageButton>
  );
  return (
    <Page subTitle={t('fleet.subtitle', 'Every watched model, the worst first')} actions={connect}>
      <QueryView query={query} rows={10}>
        {(models) =>
          models.length === 0 ? (
            <EmptyState variant="call-to-action" message={t('fleet.empty', 'No model is watched yet')} button={connect}>
              {t(
                'fleet.empty-next',
                'Paste the address of a model: mlfi finds out how to ask it, learns what is normal, and tells you when and why it fails.'
              )}
            </EmptyState>
          ) : (
            <Models models={models} />
          )
        }
      </QueryView>
    </Page>
  );
}

export default Fleet;
