import { dateTime } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { frozen, readOnly } from '../host/read-only';
import { LINKS, modelOf, rangeOf } from './extensions';
import pluginJson from './plugin.json';

const APP = '/a/mlfi-investigator-app';
const [panel, alert, ...commands] = LINKS;
/** As Grafana hands it over: an alert is frozen, and behind a read-only proxy. */
const pathOf = (link: typeof panel, context: object) => link.configure?.(context)?.path;
const anAlert = (instance: object) => readOnly(frozen({ instance }));

describe('extension links', () => {
  it('are declared in plugin.json with the same titles and targets', () => {
    const told = LINKS.map(({ targets, title, description }) => ({ targets, title, description }));
    expect(pluginJson.extensions.addedLinks).toEqual(told);
    expect(LINKS.every(({ title }) => title.length <= 25)).toBe(true);
  });
  it('find the model by label or dashboard variable and hide without one', () => {
    expect(modelOf({ instance: { labels: { model_name: 'fraud' } } })).toBe('fraud');
    expect(modelOf({ scopedVars: { model_name: { value: 'churn' }, model: { value: 'another' } } })).toBe('churn');
    expect(modelOf({ instance: { labels: { model_name: '../x' } } })).toBeNull();
    expect(panel.configure?.({})).toBeUndefined();
    expect(alert.configure?.(anAlert({ labels: {}, annotations: {} }))).toBeUndefined();
  });
  it('read what Grafana has frozen and wrapped', () => {
    const labels = { model_name: 'fraud' };
    const wrapped = anAlert({ labels, annotations: {} });
    expect(() => Reflect.get(wrapped, 'instance')).toThrow(TypeError);
    expect(pathOf(alert, wrapped)).toBe(`${APP}/models/fraud/incident`);
    expect(pathOf(alert, anAlert({ labels, annotations: { incident_id: 'i-1' } }))).toBe(`${APP}/incidents/i-1`);
  });
  it('carry the time range of the dashboard, or that of the alert from shortly before it began', () => {
    const scopedVars = { model: { value: 'churn' } };
    expect(pathOf(panel, readOnly({ scopedVars, timeRange: { from: 'now-1h', to: 'now' } }))).toBe(
      `${APP}/models/churn?from=now-1h&to=now`
    );
    const absolute = { from: dateTime(1000), to: dateTime(2000) };
    expect(pathOf(panel, { scopedVars, timeRange: { ...absolute, raw: absolute } })).toBe(
      `${APP}/models/churn?from=1000&to=2000`
    );
    expect(pathOf(alert, anAlert({ labels: { model: 'churn' }, activeAt: '2026-01-01T01:00:00Z' }))).toBe(
      `${APP}/models/churn/incident?from=${Date.UTC(2026, 0, 1, 0, 30)}&to=now`
    );
    expect(rangeOf({ instance: { activeAt: '0001-01-01T00:00:00Z' } })).toBeNull();
  });
  it('go there when they are commands: Grafana follows no path of its own', () => {
    expect(commands.map(({ onClick }) => typeof onClick)).toEqual(['function', 'function']);
    for (const { onClick } of commands) {
      onClick?.(undefined, {
        context: {},
        openModal: () => undefined,
        extensionPointId: '',
        openSidebar: () => undefined,
        closeSidebar: () => undefined,
        toggleSidebar: () => undefined,
      });
    }
    expect(locationService.getLocation().pathname).toBe(`${APP}/approvals`);
  });
});
