import { activeEntry, breadcrumbsOf, tabTitle } from '../host/navigation';
import { PAGES } from './constants';
import pluginJson from './plugin.json';

const id = 'mlfi-investigator-app';
const children = pluginJson.includes.flatMap(({ name, path, addToNav }) =>
  addToNav === true ? [{ text: name, url: path.replace('%PLUGIN_ID%', id) }] : []
);
const apps = {
  text: 'More apps',
  url: '/apps',
  children: [{ text: pluginJson.name, url: PAGES.root, children }],
};
const textsAt = (path: string, page?: Parameters<typeof breadcrumbsOf>[1]) =>
  breadcrumbsOf(activeEntry(apps, path) ?? apps, page).map(({ text }) => text);

describe('where a page stands in Grafana', () => {
  it('names each page of plugin.json once', () => {
    expect(textsAt(PAGES.fleet)).toEqual(['Home', 'More apps', 'ML Failure Investigator', 'Fleet']);
    expect(textsAt(PAGES.approvals)).toEqual(['Home', 'More apps', 'ML Failure Investigator', 'Approvals']);
  });
  it('leads from a model or an incident back to the fleet, and has the plugin highlighted', () => {
    const page = { text: 'Incident of fraud', parentItem: { text: 'Fleet', url: PAGES.fleet } };
    expect(activeEntry(apps, PAGES.incident('x'))?.text).toBe('ML Failure Investigator');
    expect(textsAt(PAGES.incident('x'), page)).toEqual([
      'Home',
      'More apps',
      'ML Failure Investigator',
      'Fleet',
      'Incident of fraud',
    ]);
    expect(tabTitle(breadcrumbsOf(activeEntry(apps, PAGES.incident('x')) ?? apps, page))).toBe(
      'Incident of fraud - Fleet - ML Failure Investigator - More apps - Grafana'
    );
  });
});
