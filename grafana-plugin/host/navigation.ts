// Where a page of a plugin stands in Grafana's navigation: the entry that is highlighted, the breadcrumbs and the tab's title,
// by the rules of Grafana 12.4 (sections are matched by the beginning of the address; what a page says of itself comes first).
import type { NavModelItem } from '@grafana/data';

const pathOf = (url: string | undefined) => (url ?? '').split('?')[0];

/** The entry of the section that `path` lies under, the longest address first; its children win over it. Null when none fits. */
export function activeEntry(section: NavModelItem, path: string): NavModelItem | null {
  let found: NavModelItem | null = null;
  const look = (entry: NavModelItem, parentItem: NavModelItem) => {
    const url = pathOf(entry.url);
    const own = { ...entry, parentItem };
    if (url !== '' && path.startsWith(url) && url.length >= pathOf(found?.url).length) {
      found = own;
    }
    (entry.children ?? []).forEach((child) => look(child, own));
  };
  (section.children ?? []).forEach((entry) => look(entry, section));
  return found;
}

/** From home to the page: the page and its parents, then the section's, leaving out what the page has said already. */
export function breadcrumbsOf(
  section: NavModelItem,
  page: NavModelItem | undefined
): Array<{ text: string; url: string }> {
  const crumbs: Array<{ text: string; url: string }> = [];
  let last: string | null = null;
  const add = (entry: NavModelItem | undefined, leavesOutSame: boolean) => {
    if (entry === undefined) {
      return;
    }
    const path = pathOf(entry.url);
    const isSame = path !== '' && path === last;
    last = path;
    if (!(leavesOutSame && isSame)) {
      crumbs.unshift({ text: entry.text, url: path });
    }
    add(entry.parentItem, leavesOutSame);
  };
  add(page, false);
  add(section, true);
  return [{ text: 'Home', url: '/' }, ...crumbs];
}

/** The title of the browser's tab. */
export const tabTitle = (crumbs: Array<{ text: string }>) =>
  [
    ...crumbs
      .slice(1)
      .map(({ text }) => text)
      .reverse(),
    'Grafana',
  ].join(' - ');
