// What Grafana's front end does for a plugin, from the packages Grafana publishes: shared modules, back-end service, router,
// theme, navigation, page and panel frames. Not covered: Grafana's legacy style sheet, sandbox and real dashboards.
import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import i18next from 'i18next';
import lodash from 'lodash';
// eslint-disable-next-line no-restricted-imports -- shared with plugins, as Grafana does
import moment from 'moment';
import * as React from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as ReactDom from 'react-dom';
import { createRoot } from 'react-dom/client';
import { Router } from 'react-router-dom';
import * as routerCompat from 'react-router-dom-v5-compat';
import * as rxjs from 'rxjs';
import { createBackendService } from './backend-service';
import { Docked, PluginPage } from './chrome';
import { frozen, readOnly } from './read-only';

declare const System: {
  set(name: string, module: object): void;
  addImportMap(map: { imports: Record<string, string> }): void;
  import(url: string): Promise<{ plugin: grafanaData.AppPlugin | grafanaData.PanelPlugin }>;
};

const { CompatRouter, Routes, Route, useParams, useLocation } = routerCompat;
const theme = grafanaData.createTheme({
  colors: {
    mode:
      new URLSearchParams(window.location.search).get('theme') === 'light'
        ? 'light'
        : grafanaRuntime.config.bootData.user.lightTheme
          ? 'light'
          : 'dark',
  },
});

const shared: Record<string, object> = {
  '@emotion/css': emotionCss,
  '@emotion/react': emotionReact,
  '@grafana/data': grafanaData,
  '@grafana/runtime': { ...grafanaRuntime, PluginPage },
  '@grafana/ui': grafanaUi,
  i18next: { ...i18next, default: i18next },
  lodash: { ...lodash, default: lodash },
  moment: { default: moment, __useDefault: true },
  react: { ...React, default: React },
  'react/jsx-runtime': jsxRuntime,
  'react/jsx-dev-runtime': jsxRuntime,
  'react-dom': { ...ReactDom, default: ReactDom },
  'react-router': routerCompat,
  rxjs,
};

for (const [name, module] of Object.entries(shared)) {
  System.set(`package:${name}`, { ...module, __esModule: true });
}
System.addImportMap({ imports: Object.fromEntries(Object.keys(shared).map((name) => [name, `package:${name}`])) });

const emptyEditor = (id: string) => ({
  id,
  name: id,
  description: '',
  editor: () => null,
  override: () => null,
  process: (v: unknown) => v,
  shouldApply: () => true,
});
const editors = [
  'text',
  'number',
  'boolean',
  'select',
  'multi-select',
  'radio',
  'color',
  'unit',
  'links',
  'mappings',
  'thresholds',
  'strings',
  'slider',
  'stats-picker',
  'field-name',
  'dashboard-uid',
  'timezone',
  'fieldColor',
];
// @ts-expect-error The registries want full editors; nobody opens one here.
grafanaData.standardEditorsRegistry.setInit(() => editors.map(emptyEditor));
grafanaData.standardFieldConfigEditorRegistry.setInit(() => []);

grafanaRuntime.setBackendSrv(createBackendService());
grafanaRuntime.setEchoSrv({ flush: () => undefined, addBackend: () => undefined, addEvent: () => undefined });
interface Variable {
  name: string;
}
interface DashboardJson {
  templating?: { list?: Variable[] };
  panels?: Array<{ type: string; title?: string; options?: object; panels?: DashboardJson['panels'] }>;
}

/** What a dashboard fills in: its own variables, by what the address says; anything else stays as it is written. */
function filledBy(dashboard: DashboardJson, text: string): string {
  const names = new Set((dashboard.templating?.list ?? []).map(({ name }) => name));
  const chosen = new URLSearchParams(window.location.search);
  return text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) =>
    names.has(name) ? (chosen.get(`var-${name}`) ?? whole) : whole
  );
}

grafanaRuntime.setTemplateSrv({
  getVariables: () => [],
  replace: (text = '') => text,
  containsTemplate: (text) => (text ?? '').includes('$'),
  updateTimeRange: () => undefined,
} as grafanaRuntime.TemplateSrv);

async function load(id: string) {
  const [{ plugin }, meta] = await Promise.all([
    System.import(`/public/plugins/${id}/module.js`),
    fetch(`/api/plugins/${id}/settings`).then((answer) => answer.json()),
  ]);
  plugin.meta = meta;
  return { plugin, meta };
}

function useLoaded(id: string) {
  const [loaded, setLoaded] = React.useState<Awaited<ReturnType<typeof load>> | null>(null);
  const [failure, setFailure] = React.useState<string | null>(null);
  React.useEffect(() => {
    load(id).then(setLoaded, (error) => setFailure(String(error)));
  }, [id]);
  if (failure !== null) {
    throw new Error(failure);
  }
  return loaded;
}

function AppPage() {
  const { pluginId = '' } = useParams();
  const loaded = useLoaded(pluginId);
  const location = useLocation();
  if (loaded === null || !(loaded.plugin instanceof grafanaData.AppPlugin) || loaded.plugin.root === undefined) {
    return null;
  }
  const Root = loaded.plugin.root;
  return (
    <grafanaData.PluginContextProvider meta={loaded.meta}>
      <Root
        meta={loaded.meta}
        basename={`/a/${pluginId}`}
        onNavChanged={() => undefined}
        query={Object.fromEntries(new URLSearchParams(location.search))}
        path={location.pathname}
      />
    </grafanaData.PluginContextProvider>
  );
}

function ConfigurationPage() {
  const { pluginId = '' } = useParams();
  const loaded = useLoaded(pluginId);
  if (loaded === null || !(loaded.plugin instanceof grafanaData.AppPlugin)) {
    return null;
  }
  const [{ body: Body, title }] = loaded.plugin.configPages ?? [];
  return (
    <main style={{ padding: 24 }}>
      <h1>{title}</h1>
      <Body plugin={loaded.plugin} query={{}} />
    </main>
  );
}

/** The dashboard a nested panel is provisioned on. */
function useDashboard() {
  const [dashboard, setDashboard] = React.useState<DashboardJson | null>(null);
  React.useEffect(() => {
    fetch('/dashboards/mlfi-model.json')
      .then((answer) => answer.json())
      .then(setDashboard);
  }, []);
  return dashboard;
}

/** A nested panel as it is provisioned: with the options the dashboard gives it, and the variables it has. */
function PanelPage() {
  const { pluginId = '' } = useParams();
  const loaded = useLoaded(pluginId);
  const dashboard = useDashboard();
  if (
    loaded === null ||
    dashboard === null ||
    !(loaded.plugin instanceof grafanaData.PanelPlugin) ||
    loaded.plugin.panel === null
  ) {
    return null;
  }
  const Panel = loaded.plugin.panel;
  const provisioned = (dashboard.panels ?? []).find(({ type }) => type === pluginId);
  const range = grafanaData.getDefaultTimeRange();
  const [width, height] = [900, 520];
  return (
    <main style={{ padding: 24 }}>
      <h1>Dashboard</h1>
      <grafanaUi.PanelChrome title={loaded.meta.name} width={width} height={height}>
        {(innerWidth, innerHeight) => (
          <Panel
            id={1}
            data={{ state: grafanaData.LoadingState.Done, series: [], timeRange: range }}
            timeRange={range}
            timeZone="utc"
            options={{ ...loaded.plugin.defaults, ...provisioned?.options }}
            transparent={false}
            width={innerWidth}
            height={innerHeight}
            fieldConfig={{ defaults: {}, overrides: [] }}
            renderCounter={0}
            title=""
            eventBus={new grafanaData.EventBusSrv()}
            onOptionsChange={() => undefined}
            onFieldConfigChange={() => undefined}
            onChangeTimeRange={() => undefined}
            replaceVariables={(text) => filledBy(dashboard, text)}
          />
        )}
      </grafanaUi.PanelChrome>
    </main>
  );
}

/** What an extension point hands over, as Grafana does: frozen for alerts, behind a read-only proxy for all. */
function contextOf(target: string): object {
  const query = new URLSearchParams(window.location.search);
  const labels: Record<string, string> = JSON.parse(query.get('labels') ?? '{}');
  const annotations: Record<string, string> = JSON.parse(query.get('annotations') ?? '{}');
  if (target.startsWith('grafana/alerting')) {
    return readOnly(
      frozen({ instance: { labels, annotations, activeAt: query.get('activeAt') ?? '', state: 'Firing' } })
    );
  }
  const series = [grafanaData.toDataFrame({ fields: [{ name: 'value', labels, values: [1] }] })];
  return readOnly({
    id: 1,
    title: 'panel',
    pluginId: 'timeseries',
    timeRange: { from: 'now-1h', to: 'now' },
    timeZone: 'utc',
    dashboard: { uid: 'd', title: 'd', tags: [] },
    targets: [],
    scopedVars: {},
    data: { series },
  });
}

/**
 * The links the app adds to menus, as far as they apply to the context in the query (`?labels={…}`): links in menus, and entries
 * of the command palette, which run what they do and follow no path.
 */
function ExtensionsPage() {
  const loaded = useLoaded('mlfi-investigator-app');
  if (loaded === null || !(loaded.plugin instanceof grafanaData.AppPlugin)) {
    return null;
  }
  const added = loaded.plugin.addedLinkConfigs.flatMap((link) =>
    [link.targets].flat().map((target) => ({ ...link, target }))
  );
  return (
    <main style={{ padding: 24 }}>
      <h1>Extensions</h1>
      {added.map(({ target, title, path, onClick, configure }) => {
        let applies: { path?: string } | undefined = {};
        try {
          applies = configure === undefined ? {} : configure(contextOf(target));
        } catch (error) {
          console.error(`configure of ${title} threw: ${String(error)}`);
          applies = undefined;
        }
        if (applies === undefined) {
          return null;
        }
        return (
          <p key={title}>
            {target === 'grafana/commandpalette/action' ? (
              <grafanaUi.Button
                onClick={(event) => onClick?.(event, { context: {}, openModal: () => undefined } as never)}
              >
                {title}
              </grafanaUi.Button>
            ) : (
              <grafanaUi.TextLink href={applies.path ?? path ?? ''}>{title}</grafanaUi.TextLink>
            )}
          </p>
        );
      })}
    </main>
  );
}

class Boundary extends React.Component<{ children: React.ReactNode }, { failure: string | null }> {
  state = { failure: null };
  static getDerivedStateFromError(error: unknown) {
    return { failure: String(error) };
  }
  render() {
    return this.state.failure === null ? this.props.children : <main role="alert">{this.state.failure}</main>;
  }
}

const root = document.getElementById('reactRoot');
if (root !== null) {
  document.body.style.background = theme.colors.background.canvas;
  createRoot(root).render(
    <grafanaData.ThemeContext.Provider value={theme}>
      <grafanaUi.GlobalStyles />
      <Boundary>
        <Router history={grafanaRuntime.locationService.getHistory()}>
          <CompatRouter>
            <grafanaUi.ModalsProvider>
              <Docked>
                <Routes>
                  <Route path="/a/:pluginId/*" element={<AppPage />} />
                  <Route path="/plugins/:pluginId" element={<ConfigurationPage />} />
                  <Route path="/panel/:pluginId" element={<PanelPage />} />
                  <Route path="/extensions" element={<ExtensionsPage />} />
                  <Route
                    path="*"
                    element={
                      <main>
                        <h1>Host</h1>
                      </main>
                    }
                  />
                </Routes>
              </Docked>
              <grafanaUi.ModalRoot />
            </grafanaUi.ModalsProvider>
          </CompatRouter>
        </Router>
      </Boundary>
      <grafanaUi.PortalContainer />
    </grafanaData.ThemeContext.Provider>
  );
}
