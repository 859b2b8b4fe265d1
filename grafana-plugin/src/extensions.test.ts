import { LINKS, modelOf } from './extensions';
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
    expect(alert.configure?.({ instance: { labels: {}, annotations: { incident_id: 'i-1' } } } as never)).toEqual({ path: '/a/mlfi-investigator-app/incidents/i-1' });
  });
});
