// Grafana's frame around a plugin's page: the docked menu, breadcrumbs, tab title, page title and actions.
import * as React from 'react';
import type { NavModelItem } from '@grafana/data';
import { config, type PluginPageProps } from '@grafana/runtime';
import { useTheme2 } from '@grafana/ui';
import { useLocation } from 'react-router-dom-v5-compat';
import { activeEntry, breadcrumbsOf, tabTitle } from './navigation';

/** The menu docks itself where there is room for it. */
const DOCKS_FROM_PX = 1_200;
const MENU_PX = 300;

const sections = (): NavModelItem[] => config.bootData.navTree ?? [];
const apps = (): NavModelItem => sections().find(({ id }) => id === 'apps') ?? { text: 'More apps', id: 'apps' };

function useActive() {
  const { pathname } = useLocation();
  return activeEntry(apps(), pathname);
}

function Entries({ entries, active }: { entries: NavModelItem[]; active: NavModelItem | null }) {
  return (
    <ul style={{ listStyle: 'none', paddingLeft: 12 }}>
      {entries.map((entry) => (
        <li key={entry.url ?? entry.text} style={{ margin: '6px 0' }}>
          <a
            href={entry.url}
            aria-current={active?.url === entry.url && active?.text === entry.text ? 'page' : undefined}
          >
            {entry.text}
          </a>
          {entry.children !== undefined && <Entries entries={entry.children} active={active} />}
        </li>
      ))}
    </ul>
  );
}

/** The menu beside whatever is shown, as wide as Grafana docks it. */
export function Docked({ children }: { children: React.ReactNode }) {
  const theme = useTheme2();
  const active = useActive();
  const [isWide, setWide] = React.useState(window.innerWidth >= DOCKS_FROM_PX);
  React.useEffect(() => {
    const measure = () => setWide(window.innerWidth >= DOCKS_FROM_PX);
    window.addEventListener('resize', measure);
    return () => window.removeEventListener('resize', measure);
  }, []);
  return (
    <div style={{ display: 'flex', minHeight: '100vh' }}>
      {isWide && (
        <nav
          aria-label="Menu"
          style={{
            flex: `0 0 ${MENU_PX}px`,
            boxSizing: 'border-box',
            padding: 16,
            borderRight: `1px solid ${theme.colors.border.weak}`,
            background: theme.colors.background.primary,
          }}
        >
          <Entries entries={sections()} active={active} />
        </nav>
      )}
      <div style={{ flex: '1 1 auto', minWidth: 0 }}>{children}</div>
    </div>
  );
}

/** The page frame of Grafana: the published one is a bare `div` without title and actions. */
export function PluginPage({ pageNav, renderTitle, subTitle, actions, children }: PluginPageProps) {
  const active = useActive();
  const crumbs = breadcrumbsOf(active ?? apps(), pageNav);
  const title = (pageNav ?? active ?? apps()).text;
  const tab = tabTitle(crumbs);
  React.useEffect(() => {
    document.title = tab;
  }, [tab]);
  return (
    <>
      <nav aria-label="Breadcrumbs" style={{ padding: '8px 24px 0' }}>
        <ol style={{ listStyle: 'none', display: 'flex', gap: 8, flexWrap: 'wrap' }}>
          {crumbs.map(({ text, url }, index) => (
            <li key={index}>{index === crumbs.length - 1 ? text : <a href={url}>{text}</a>}</li>
          ))}
        </ol>
      </nav>
      <main style={{ padding: 24, maxWidth: 1600, margin: '0 auto', width: '100%', boxSizing: 'border-box' }}>
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 16, alignItems: 'flex-start', marginBottom: 16 }}>
          <div style={{ flex: '1 1 auto', minWidth: 0 }}>
            {renderTitle === undefined ? <h1 style={{ marginBottom: 0 }}>{title}</h1> : renderTitle(title)}
            <div>{subTitle ?? pageNav?.subTitle}</div>
          </div>
          <div>{actions}</div>
        </div>
        {children}
      </main>
    </>
  );
}
