import { dateTime } from '@grafana/data';
import { LINKS, modelOf, rangeOf } from './extensions';
import pluginJson from './plugin.json';

describe('extension links', () => {
  it('are declared in plugin.json with the same titles and targets', () => {
    const told = LINKS.map(({ targets, title, description }) => ({ targets, title, description }));
    expect(pluginJson.extensions.addedLinks).toEqual(told);
    expect(LINKS.every(({ title }) => title.length <= 25)).toBe(true);
  });
  it('find the model by label or dashboard variable and hide without one', () => {
    expect(modelOf({ instance: { labels: { model_name: 'fraud' } } })).toBe('fraud');
    expect(modelOf({ scopedVars: { model: { value: 'churn' } } })).toBe('churn');
    expect(modelOf({ instance: { labels: { model_name: '../x' } } })).toBeNull();
    const [panel, alert] = LINKS;
    expect(panel.configure?.({} as never)).toBeUndefined();
    expect(alert.configure?.({ instance: { labels: {}, annotations: { incident_id: 'i-1' } } } as never)).toEqual({
      path: '/a/mlfi-investigator-app/incidents/i-1',
    });
  });
  it('carry the time range of the dashboard, or that of the alert from shortly before it began', () => {
    const [panel, alert] = LINKS;
    const scopedVars = { model: { value: 'churn' } };
    expect(panel.configure?.({ scopedVars, timeRange: { from: 'now-1h', to: 'now' } } as never)).toEqual({
      path: '/a/mlfi-investigator-app/models/churn?from=now-1h&to=now',
    });
    const absolute = { from: dateTime(1000), to: dateTime(2000) };
    expect(panel.configure?.({ scopedVars, timeRange: { ...absolute, raw: absolute } } as never)).toEqual({
      path: '/a/mlfi-investigator-app/models/churn?from=1000&to=2000',
    });
    const activeAt = '2026-01-01T01:00:00Z';
    expect(alert.configure?.({ instance: { labels: { model: 'churn' }, activeAt } } as never)).toEqual({
      path: `/a/mlfi-investigator-app/models/churn?from=${Date.UTC(2026, 0, 1, 0, 30)}&to=now`,
    });
    expect(rangeOf({ instance: { activeAt: '0001-01-01T00:00:00Z' } })).toBeNull();
  });
});
