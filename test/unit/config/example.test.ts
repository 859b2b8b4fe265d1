import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig, loadConfig } from '../../../exporter/src/config/load.js';
import { knownKeys } from '../../../exporter/src/config/keys.js';
import { RESTART_SECTIONS } from '../../../exporter/src/config/reload.js';
import { CONNECTOR_IDS } from '../../../exporter/src/domain/model.js';
import { EXAMPLE as TEXT, EXAMPLE_FILE as FILE, ONE_OF_EACH, UNCOMMENTED, withOwnKey } from './uncommented-example.js';
import { DEFAULT_BASELINE_REQUIREMENTS, DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';

function pathsOf(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, [...path, '*']));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isNamed = ['secrets', 'probe_modules', 'intake.models'].includes(path.join('.'));
    const name = isNamed ? '*' : key;
    return [[...path, name].join('.'), ...pathsOf(inner, [...path, name])];
  });
}

describe('mlfi.example.yml', () => {
  it('loads as it is and means the same as an empty file', () => {
    const example = loadConfig(FILE, {});
    const empty = loadConfig(null, {});
    expect(example.kind).toBe('ok');
    expect(example).toEqual(empty);
    if (example.kind !== 'ok') return;
    expect(example.config.detection).toEqual(DEFAULT_THRESHOLDS);
    expect(example.config.baseline).toEqual(DEFAULT_BASELINE_REQUIREMENTS);
    expect(example.config.listen).toEqual({ address: '127.0.0.1', port: 9899 });
  });

  it('shows every key of the schema, and no other', () => {
    const shown = new Set(pathsOf(parse(UNCOMMENTED), []));
    const free =
      /^models\.\*\.(payloads|golden_inputs|headers|query)\.|\.(environment|matchers|inputs|parameters|fields)\./;
    const known = knownKeys().map(({ path }) => path.join('.'));
    expect(
      [...shown]
        .filter((path) => !free.test(path) && !['secrets.*', 'probe_modules.*', 'intake.models.*'].includes(path))
        .sort(),
    ).toEqual(known.sort());
  });

  it('writes out every key that has a default', () => {
    const active = new Set(pathsOf(parse(TEXT), []));
    const withDefault = knownKeys().filter(
      ({ path, kind }) =>
        kind !== 'branch' &&
        !path.includes('*') &&
        path[0] !== 'database' &&
        path[1] !== 'grafana' &&
        !['token', 'token_file', 'authorization_secret'].includes(path.at(-1) ?? '') &&
        path[0] !== 'audit',
    );
    for (const { path } of withDefault) expect(active).toContain(path.join('.'));
  });

  it('lists every connector there is', () => {
    const listed = /Its protocol; found out when absent: ([a-z0-9, \n#-]+)\./.exec(TEXT)?.[1] ?? '';
    expect(listed.split(/[,\s#]+/).filter((word) => word !== '')).toEqual([...CONNECTOR_IDS]);
  });

  it('begins with at most ten sections that most people need, and names keys there are', () => {
    const lines = [...TEXT.matchAll(/^# {3}([a-z_]+) {2,}.*$/gm)];
    const known = knownKeys().map(({ path }) => path.join('.'));
    expect(lines).toHaveLength(10);
    for (const [, section = ''] of lines) expect(known).toContain(section);
  });

  it('has a comment above every key', () => {
    const lines = TEXT.split('\n');
    const approvals = lines.indexOf('  approvals:');
    const uncommented = lines.filter(
      (line, index) =>
        /^\s*#?(- )?[a-z_-]+:/.test(line) &&
        !/^\s*# /.test(lines[index - 1] ?? '') &&
        !(index > approvals && index <= approvals + 8) &&
        !/(signing_secret|shared_secret|token|grafana_token)_file/.test(line),
    );
    expect(uncommented).toEqual([]);
  });

  it('holds examples that work when switched on, one of each alternative', () => {
    // Its key alone is not taken: everybody knows it.
    const asItIs = parseConfig('example', ONE_OF_EACH, {}, '/');
    expect(asItIs.kind === 'refused' ? asItIs.problems.map(({ key }) => key) : []).toEqual(['api_keys.0.key']);
    const loaded = parseConfig('example', withOwnKey(ONE_OF_EACH), {}, '/');
    expect(loaded.kind === 'refused' ? loaded.problems : []).toEqual([]);
    if (loaded.kind !== 'ok') return;
    expect(loaded.config.models).toEqual([
      {
        id: 'fraud-detector',
        name: 'Fraud detector',
        url: 'https://models.example.org/fraud/predict',
        connector: 'rest',
        payloads: [{ text: 'The parcel never came.' }],
        goldenInputs: [{ text: 'Thank you, all is well.' }],
        schedule: {
          intervalMs: 30_000,
          jitterShare: 0.1,
          concurrency: 1,
          timeoutMs: 5_000,
          probesPerCycle: 2,
          callsPerHour: 1_000,
        },
        owner: 'payments team',
        tags: ['payments', 'tier-1'],
        versionLabel: '2026-11-01',
        authorizationSecret: 'hugging-face',
        asking: {
          headers: { 'X-Api-Key': { secret: 'hugging-face' }, 'X-Tenant': { value: 'acme' } },
          query: { 'api-version': { value: '2024-06-01' } },
          method: 'POST',
          openapi: '/docs/v1/openapi.json',
          pointers: {
            prediction: '/predictions/0/class',
            confidence: '/predictions/0/probabilities',
            classes: '/classes',
          },
          tls: {
            caFile: '/etc/mlfi/ca.pem',
            certFile: '/etc/mlfi/client.pem',
            insecureSkipVerify: false,
          },
        },
      },
    ]);
    expect(loaded.config.database.kind).toBe('postgresql');
    expect(loaded.config.governance.targets.map(({ executor, name, actions }) => [executor, name, actions])).toEqual([
      ['webhook', 'ml-platform', ['fix-pipeline']],
      ['github-workflow', 'retraining', ['retrain']],
      ['argo-workflow', 'pipelines', ['recalibrate']],
      ['kubernetes', 'undo', ['rollback']],
      ['mlflow', 'registry', ['rollback']],
      ['command', 'local-restart', ['restart-endpoint']],
      ['alertmanager-silence', 'quiet', ['restart-endpoint']],
    ]);
    expect(loaded.config.changes.queries[0]).toMatchObject({ name: 'deployed-image', valueLabel: 'image' });
    expect(loaded.config.changes.annotations[0]).toMatchObject({ tags: ['deployment'], everyModel: true });
    expect(loaded.config.governance.classes[0]?.rules.approvers.users).toEqual(['ada', 'user:12']);
    expect(loaded.config.governance.freezes[0]).toMatchObject({ kind: 'weekly', days: [5, 6], fromMinute: 1_080 });
    expect(loaded.config.identity).toMatchObject({
      grafana: { issuer: 'https://grafana.example.org/', organisation: 1 },
      localPeople: [{ login: 'ada', role: 'Admin' }],
    });
  });

  it('names the sections that need a restart as the code knows them', () => {
    const said = /Needing a restart: ([^.]+)\. Taking effect at once: ([^.]+)\./.exec(TEXT.replaceAll(/\n# ?/g, ' '));
    const names = (text: string | undefined): string[] => (text ?? '').split(', ').map((name) => name.trim());
    expect(names(said?.[1]).sort()).toEqual(
      RESTART_SECTIONS.map(
        (section) =>
          (({ dataDirectory: 'data_dir', apiKeys: 'api_keys', logFiles: 'log_files' }) as Record<string, string>)[
            section
          ] ?? section,
      ).toSorted(),
    );
    const sections = knownKeys().flatMap(({ path }) => (path.length === 1 ? path : []));
    expect([...names(said?.[1]), ...names(said?.[2])].sort()).toEqual([...sections].sort());
  });
});
