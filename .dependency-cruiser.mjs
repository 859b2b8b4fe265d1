/**
 * The arrows of the house: the tree is the data-flow, and what is imported lies further down. Type imports count.
 * docs/architecture.md draws it.
 */
const src = '^exporter/src';
const FOUNDATION = ['domain', 'statistics'];
/** Pure or self-contained steps of the data-flow: each knows the foundation and itself; all else comes in as a port. */
const STAGES = [
  'capture',
  'baseline',
  'detection',
  'performance',
  'rca',
  'explanation',
  'recommendation',
  'incident-history',
  'stories',
  'governance',
];
/** Room → rooms further down that it may use besides the foundation and itself. */
const ABOVE = {
  evaluation: ['baseline', 'detection', 'performance', 'rca', 'explanation', 'recommendation', 'incident-history'],
  experiments: ['evaluation', 'rca'],
  validation: ['evaluation'],
  incidents: ['evaluation', 'governance', 'incident-history', 'stories'],
  monitoring: ['evaluation', 'baseline', 'detection', 'rca', 'incidents', 'experiments', 'incident-history'],
  application: [
    'monitoring',
    'incidents',
    'stories',
    'experiments',
    'evaluation',
    'governance',
    'validation',
    'recommendation',
    'incident-history',
    'explanation',
    'detection',
  ],
  integrations: [],
  store: [],
  metrics: [],
  config: [],
  system: [],
  http: ['application', 'metrics', 'stories'],
  cli: ['application', 'config'],
};

/** Wires all of it; nothing but `main.ts` imports it. */
const TOP = 'service';
const KNOWN = [...FOUNDATION, ...STAGES, ...Object.keys(ABOVE), TOP];

const room = (names) => `${src}/(${names.join('|')})/`;
const mayUse = (name, lower) => ({
  name: `${name}-points-down`,
  severity: 'error',
  from: { path: `${src}/${name}/` },
  to: { path: `${src}/`, pathNot: [room([...FOUNDATION, name, ...lower])] },
});

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-loose-file',
      comment: 'main.ts is the only file outside a room',
      severity: 'error',
      from: { path: `${src}/[^/]+\\.ts$`, pathNot: `${src}/main\\.ts$` },
      to: {},
    },
    // A file that imports nothing has no arrow of its own: then the arrow to it is refused, and without one it is an orphan.
    {
      name: 'no-unknown-room',
      comment: 'a new folder gets its place above',
      severity: 'error',
      from: { path: `${src}/[^/]+/`, pathNot: room(KNOWN) },
      to: {},
    },
    {
      name: 'no-arrow-to-unknown-room',
      severity: 'error',
      from: {},
      to: { path: `${src}/[^/]+/`, pathNot: room(KNOWN) },
    },
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: `${src}/domain/` },
      to: { path: `${src}/`, pathNot: `${src}/domain/` },
    },
    {
      name: 'statistics-are-pure',
      severity: 'error',
      from: { path: `${src}/statistics/` },
      to: { path: `${src}/`, pathNot: room(FOUNDATION) },
    },
    ...STAGES.map((stage) => mayUse(stage, [])),
    ...Object.entries(ABOVE).map(([name, lower]) => mayUse(name, lower)),
    {
      name: 'demo-is-not-shipped',
      severity: 'error',
      from: { path: `${src}/` },
      to: { path: '^exporter/demo/' },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { orphan: true, path: `${src}/`, pathNot: ['\\.d\\.ts$', `${src}/main\\.ts$`] },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'exporter/tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^exporter/(src|demo)',
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
