import React from 'react';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { render, screen } from '@testing-library/react';
import { config } from '@grafana/runtime';
import { LoadingState, getDefaultTimeRange, EventBusSrv, type PanelProps } from '@grafana/data';
import { of } from 'rxjs';
import { aRecommendation } from '../test-data';
import { ApprovalPanel } from './approval/ApprovalPanel';
import { chosenModel, DEFAULT_MODEL, type ModelOptions } from './panel-options';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  TextLink: ({ children, href }: { children: React.ReactNode; href: string }) => <a href={href}>{children}</a>,
}));

/** What Grafana fills in on a dashboard with these variables. */
const filling = (variables: Record<string, string>) => (text: string) =>
  text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => variables[name] ?? whole);
const choose = (variables: Record<string, string>, options: Partial<ModelOptions> = {}) =>
  chosenModel({ options: { model: DEFAULT_MODEL, ...options }, replaceVariables: filling(variables) });

const dashboard = JSON.parse(
  readFileSync(join(__dirname, '..', '..', '..', 'provisioning', 'grafana', 'dashboards', 'mlfi-model.json'), 'utf8')
);

describe('the model of a nested panel', () => {
  it('is the one of the dashboard it is provisioned on, without any option', () => {
    const [name] = dashboard.templating.list
      .filter(({ type }: { type: string }) => type === 'query')
      .map((variable: { name: string }) => variable.name);
    expect(choose({ [name]: 'fraud' })).toEqual({ kind: 'one', model: 'fraud' });
  });
  it('is every model only when all are chosen, never because a variable is missing', () => {
    expect(choose({ model_name: '.*' })).toEqual({ kind: 'every' });
    expect(choose({}, { model: '' })).toEqual({ kind: 'every' });
    expect(choose({})).toMatchObject({ kind: 'none', why: expect.stringContaining('${model_name}') });
    expect(choose({ model_name: '{a,b}' })).toMatchObject({
      kind: 'none',
      why: expect.stringContaining('single model'),
    });
  });
});

it('shows the decisions of its model and of no other, whatever the exporter answers', async () => {
  config.bootData = {
    ...config.bootData,
    user: { ...config.bootData?.user, orgRole: 'Editor' },
  } as typeof config.bootData;
  fetchMock.mockReturnValue(
    of({
      data: {
        recommendations: [
          aRecommendation({ id: 'a', title: 'Mine' }),
          aRecommendation({ id: 'b', title: 'Of another model', model_id: 'churn' }),
          aRecommendation({ id: 'c', title: 'Mere advice', plan: null }),
        ],
      },
    })
  );
  const timeRange = getDefaultTimeRange();
  const props: PanelProps<ModelOptions> = {
    id: 1,
    data: { state: LoadingState.Done, series: [], timeRange },
    timeRange,
    timeZone: 'utc',
    options: { model: DEFAULT_MODEL },
    transparent: false,
    width: 400,
    height: 300,
    fieldConfig: { defaults: {}, overrides: [] },
    renderCounter: 0,
    title: '',
    eventBus: new EventBusSrv(),
    onOptionsChange: () => undefined,
    onFieldConfigChange: () => undefined,
    onChangeTimeRange: () => undefined,
    replaceVariables: filling({ model_name: 'fraud' }),
  };
  render(<ApprovalPanel {...props} />);
  expect(await screen.findByText('Mine')).toBeInTheDocument();
  expect(screen.queryByText('Of another model')).not.toBeInTheDocument();
  expect(screen.queryByText('Mere advice')).not.toBeInTheDocument();
  expect(fetchMock.mock.calls.map(([{ url }]) => url)).toContainEqual(expect.stringContaining('model=fraud'));
});
