import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createModelSources, DISCOVERED_MODELS } from '../../../../exporter/src/capture/sources/service-discovery.js';
import { readTargetGroups, type DiscoveredModel } from '../../../../exporter/src/capture/sources/target-groups.js';
import type { ModelId } from '../../../../exporter/src/domain/identifiers.js';
import { settingsInMemory } from '../../store/settings-in-memory.js';
import type { HttpClient } from '../../../../exporter/src/domain/ports.js';
import { systemClock } from '../../../../exporter/src/system/system-clock.js';

const modelsIn = (text: string): readonly DiscoveredModel[] => {
  const read = readTargetGroups(text);
  return read.kind === 'read' ? read.models : [];
};

describe('target groups', () => {
  it('give no secret of an address away, in no id and no problem', () => {
    const [first] = modelsIn('[{ targets: ["http://h/p?api_key=s3cretkey1"] }]');
    expect(first?.id).toBe('h-p');
    expect(JSON.stringify(readTargetGroups('[{ targets: ["http://bob:hunter22@h/p?k=s3cret"] }]'))).not.toMatch(
      /hunter22|s3cret/,
    );
  });

  it('are read from YAML and from JSON alike', () => {
    const yaml = `
- targets: ['fraud.internal:8080']
  labels: { model_name: fraud, model_version: v7, team: payments, connector: open-inference, __path__: /v2/models/fraud/infer, __scheme__: https, stage: prod }
- targets: ['http://10.1.2.3:8000/predict']
`;
    const read = readTargetGroups(yaml);
    expect(read).toEqual({
      kind: 'read',
      models: [
        {
          id: 'fraud',
          url: 'https://fraud.internal:8080/v2/models/fraud/infer',
          connector: 'open-inference',
          versionLabel: 'v7',
          owner: 'payments',
          tags: ['stage=prod'],
        },
        { id: '10-1-2-3-8000-predict', url: 'http://10.1.2.3:8000/predict', tags: [] },
      ],
      problems: [],
    });
    const json = JSON.stringify([{ targets: ['a:1'], labels: { model_name: 'a' } }]);
    expect(readTargetGroups(json)).toMatchObject({ kind: 'read', models: [{ id: 'a', url: 'http://a:1/' }] });
    expect(readTargetGroups('')).toEqual({ kind: 'read', models: [], problems: [] });
  });

  it.each([
    ['a syntax error', '- targets: [', 'is neither JSON nor YAML'],
    ['no list', 'targets: [a]', 'write a list of { targets'],
    ['no targets', '- labels: {}', '0.targets'],
    [
      'an unknown connector',
      '- {targets: ["a:1"], labels: {connector: grpc}}',
      '0.labels.connector: "grpc" is none of rest',
    ],
    [
      'a name that is no id',
      '- {targets: ["a:1"], labels: {model_name: "Fraud Model"}}',
      '0.labels.model_name: model id "Fraud Model" must be',
    ],
    [
      'one name for two targets',
      '- {targets: ["a:1", "b:1"], labels: {model_name: x}}',
      'names one model, but there are 2 targets',
    ],
    ['a password', '- {targets: ["http://u:p@a:1/"]}', 'without a password'],
    ['another scheme', '- {targets: ["file:///etc/passwd"]}', 'must be host:port or a whole http(s) address'],
  ])('with %s are refused, with the place and the remedy', (_, text, problem) => {
    const read = readTargetGroups(text);
    expect(read.kind).toBe('refused');
    if (read.kind === 'refused') expect(read.problem).toContain(problem);
  });

  it('leave an entry out that is wrong, and name it', () => {
    const good = '- {targets: ["a:1"], labels: {model_name: x}}';
    const read = readTargetGroups(
      `${good}\n- {targets: ["b:1"], labels: {model_name: Iris_v2}}\n- {labels: {}}\n- {targets: ["c:1"], labels: {model_name: x}}`,
    );
    expect(read).toEqual({
      kind: 'read',
      models: [{ id: 'x', url: 'http://a:1/', tags: [] }],
      problems: [
        expect.stringContaining('1.labels.model_name: model id "Iris_v2" must be'),
        expect.stringContaining('2.targets: '),
        expect.stringContaining('3: "x" is listed twice'),
      ],
    });
  });

  it('never throw, whatever they hold', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readTargetGroups(text)));
  });
});

describe('model sources', () => {
  function world() {
    const watched = new Map<string, DiscoveredModel | null>();
    const files = new Map<string, string>();
    const settings = settingsInMemory();
    const counts: [string, number | null][] = [];
    const problems: unknown[] = [];
    const broken = new Set<string>();
    const elsewhere = new Set<string>();
    let letGo = (): void => undefined;
    let slow: Promise<void> = Promise.resolve();
    let http: Awaited<ReturnType<HttpClient['call']>> | null = null;
    const ports = {
      readFile: (path: string) => {
        const text = files.get(path);
        return text === undefined ? Promise.reject(new Error(`ENOENT: ${path}`)) : Promise.resolve(text);
      },
      http: { call: () => (http === null ? Promise.reject(new Error('no answer set')) : Promise.resolve(http)) },
      clock: systemClock,
      logger: {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: (fields: unknown) => void problems.push(fields),
      },
      settings,
      isWatched: (id: ModelId) => watched.has(id),
      register: (model: DiscoveredModel) => {
        const isTaken = !elsewhere.has(model.id);
        const isMade = isTaken && !broken.has(model.id);
        if (!isTaken) watched.set(model.id, null);
        else if (isMade) watched.set(model.id, model);
        return Promise.resolve({ isTaken, settled: slow.then(() => isMade) });
      },
      release: (id: ModelId) =>
        broken.has(id) ? Promise.reject(new Error('damaged')) : Promise.resolve(void watched.delete(id)),
      count: (source: string, models: number | null) => void counts.push([source, models]),
    };
    const sources = (urls: string[] = []) =>
      createModelSources(ports, {
        files: ['/etc/mlfi/models.yml'],
        urls,
        authorization: 'Bearer canary-secret',
        timeoutMs: 1_000,
      });
    return {
      watched,
      counts,
      problems,
      broken,
      elsewhere,
      hold: () => {
        slow = new Promise((resolve) => (letGo = resolve));
        return () => letGo();
      },
      settings,
      sources,
      write: (text: string) => files.set('/etc/mlfi/models.yml', text),
      answer: (status: number, body: string) => {
        http = { kind: 'answer', status, headers: {}, body, latencySeconds: 0 };
      },
    };
  }
  const list = (...names: string[]): string =>
    JSON.stringify(names.map((name) => ({ targets: [`${name}:1`], labels: { model_name: name } })));

  it('watch the good entries of a list with bad ones, say so once, and let no model go meanwhile', async () => {
    const { watched, write, sources, problems } = world();
    const source = sources();
    write(list('a', 'b'));
    await source.refresh();
    write(list('b', 'Iris_v2', 'c'));
    await source.refresh();
    await source.refresh();
    expect([...watched.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(problems).toEqual([
      expect.objectContaining({ problems: [expect.stringContaining('1.labels.model_name: model id "Iris_v2"')] }),
    ]);
    write(list('b', 'c'));
    await source.refresh();
    expect([...watched.keys()].sort()).toEqual(['b', 'c']);
  });

  it('follow the others when one model cannot be let go, and try it again', async () => {
    const { watched, write, sources, broken, problems, settings } = world();
    const source = sources();
    write(list('a', 'b'));
    await source.refresh();
    broken.add('a');
    write(list('b', 'c'));
    await source.refresh();
    expect([...watched.keys()].sort()).toEqual(['a', 'b', 'c']);
    expect(problems).toMatchObject([{ model: 'a' }]);
    expect(Object.keys((await settings.get(DISCOVERED_MODELS)) ?? {}).sort()).toEqual(['a', 'b', 'c']);
    broken.clear();
    await source.refresh();
    expect([...watched.keys()].sort()).toEqual(['b', 'c']);
  });

  it('let models appear, change and disappear', async () => {
    const { watched, write, sources } = world();
    const source = sources();
    write(list('a', 'b'));
    await source.refresh();
    expect([...watched.keys()]).toEqual(['a', 'b']);
    write(list('b', 'c').replace('b:1', 'b:2'));
    await source.refresh();
    expect([...watched.keys()].sort()).toEqual(['b', 'c']);
    expect(watched.get('b')?.url).toBe('http://b:2/');
  });

  it('are settled only once no model is asked or changed', async () => {
    const { hold, write, sources } = world();
    const letGo = hold();
    const source = sources();
    write(list('a'));
    await source.refresh();
    let isLetGo = false;
    const settled = source.settle().then(() => isLetGo);
    setImmediate(() => {
      isLetGo = true;
      letGo();
    });
    expect(await settled).toBe(true);
  });

  it('make a change again that could not be made', async () => {
    const { watched, write, sources, broken } = world();
    const source = sources();
    write(list('a'));
    await source.refresh();
    broken.add('a');
    write(list('a').replace('a:1', 'a:2'));
    await source.refresh();
    expect(watched.get('a')?.url).toBe('http://a:1/');
    broken.clear();
    await source.refresh();
    expect(watched.get('a')?.url).toBe('http://a:2/');
  });

  it('are not the source of a model that somebody else registers at the same moment', async () => {
    const { watched, write, sources, elsewhere } = world();
    const source = sources();
    elsewhere.add('a');
    write(list('a'));
    await source.refresh();
    write('[]');
    await source.refresh();
    expect([...watched.keys()]).toEqual(['a']);
  });

  it('keep the last list when a source cannot be read, and say what is wrong', async () => {
    const { watched, write, sources, problems, counts } = world();
    const source = sources();
    write(list('a'));
    await source.refresh();
    write('- targets: 7');
    await source.refresh();
    expect([...watched.keys()]).toEqual(['a']);
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).toContain('0.targets');
    expect(counts).toEqual([
      ['file:models.yml', 1],
      ['file:models.yml', null],
    ]);
  });

  it('leave models alone that somebody else registered, and remember over a restart which are theirs', async () => {
    const { watched, write, sources } = world();
    watched.set('mine', null);
    write(list('mine', 'a'));
    await sources().refresh();
    expect(watched.get('mine')).toBeNull();
    write('[]');
    await sources().refresh();
    expect([...watched.keys()]).toEqual(['mine']);
  });

  it('read addresses, and keep the list on any answer but 200; tokens stay out of names and problems', async () => {
    const { watched, write, sources, answer, problems, counts } = world();
    write('[]');
    const source = sources(['http://sd.internal/models?token=canary-secret']);
    answer(200, list('x'));
    await source.refresh();
    expect([...watched.keys()]).toEqual(['x']);
    answer(500, 'canary-secret');
    await source.refresh();
    expect([...watched.keys()]).toEqual(['x']);
    answer(200, '[]');
    await source.refresh();
    expect([...watched.keys()]).toEqual([]);
    expect(JSON.stringify([problems, counts])).not.toContain('canary-secret');
    expect(counts.map(([name]) => name)).toContain('http:sd.internal/models');
  });
});
