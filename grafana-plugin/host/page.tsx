// What Grafana's front end does for a plugin, from the packages Grafana publishes: shared modules, back-end service, router,
// theme, page and panel frames. Not covered: Grafana's navigation, legacy style sheet, sandbox and dashboards.
import * as emotionCss from '@emotion/css';
import * as emotionReact from '@emotion/react';
import * as grafanaData from '@grafana/data';
import * as grafanaRuntime from '@grafana/runtime';
import * as grafanaUi from '@grafana/ui';
import i18next from 'i18next';
import lodash from 'lodash';
import moment from 'moment';
import * as React from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as ReactDom from 'react-dom';
import { createRoot } from 'react-dom/client';
// eslint-disable-next-line no-restricted-imports
import { Router } from 'react-router-dom';
import * as routerCompat from 'react-router-dom-v5-compat';
import * as rxjs from 'rxjs';
import { createBackendService } from './backend-service';

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

/** The page frame of Grafana: the published one is a bare `div` without title and actions. */
function PluginPage({ pageNav, renderTitle, subTitle, actions, children }: grafanaRuntime.PluginPageProps) {
  const title = pageNav?.text ?? '';
  return (
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
  );
}

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
grafanaRuntime.setTemplateSrv({
  getVariables: () => [],
  replace: (text = '', scoped = {}) =>
    text.replace(
      /\$\{?(\w+)\}?/g,
      (whole, name: string) =>
        scoped[name]?.value ?? new URLSearchParams(window.location.search).get(`var-${name}`) ?? whole
    ),
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

function PanelPage() {
  const { pluginId = '' } = useParams();
  const loaded = useLoaded(pluginId);
  if (loaded === null || !(loaded.plugin instanceof grafanaData.PanelPlugin) || loaded.plugin.panel === null) {
    return null;
  }
  const Panel = loaded.plugin.panel;
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
            options={{ ...loaded.plugin.defaults }}
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
            replaceVariables={(text) => grafanaRuntime.getTemplateSrv().replace(text)}
          />
        )}
      </grafanaUi.PanelChrome>
    </main>
  );
}

/** The links the app adds to menus, one button each, as far as they apply to the context in the query (`?labels={…}`). */
function ExtensionsPage() {
  const loaded = useLoaded('mlfi-investigator-app');
  if (loaded === null || !(loaded.plugin instanceof grafanaData.AppPlugin)) {
    return null;
  }
  const labels: Record<string, string> = JSON.parse(new URLSearchParams(window.location.search).get('labels') ?? '{}');
  const context = {
    instance: { labels, annotations: {} },
    title: 'panel',
    timeRange: { from: 'now-1h', to: 'now' },
    scopedVars: {},
    data: { series: [grafanaData.toDataFrame({ fields: [{ name: 'value', labels, values: [1] }] })] },
  };
  return (
    <main style={{ padding: 24 }}>
      <h1>Extensions</h1>
      {loaded.plugin.addedLinkConfigs.map((link) => {
        const applies = link.configure === undefined ? {} : link.configure(context as never);
        return applies === undefined ? null : (
          <p key={link.title}>
            <grafanaUi.TextLink href={applies.path ?? link.path ?? ''}>{link.title}</grafanaUi.TextLink>
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
              <grafanaUi.ModalRoot />
            </grafanaUi.ModalsProvider>
          </CompatRouter>
        </Router>
      </Boundary>
      <grafanaUi.PortalContainer />
    </grafanaData.ThemeContext.Provider>
  );
}
