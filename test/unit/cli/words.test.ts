import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { Commands } from '../../../exporter/src/cli/commands.js';
import type { Discovery } from '../../../exporter/src/domain/discovery.js';
import { configCheck } from '../../../exporter/src/cli/config-check.js';
import { init } from '../../../exporter/src/cli/init.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'mlfi-words-'));
const printed = (): string[] => {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  return lines;
};
afterEach(() => vi.restoreAllMocks());

const tryTopics: Commands['tryTopics'] = () => Promise.resolve();

describe('mlfi init', () => {
  it('writes a file that does not tell to copy it to where it is', async () => {
    const file = join(folder(), 'mlfi.yml');
    printed();
    expect(await init({ tryModels: () => Promise.resolve() }, { output: file })).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/Copy to mlfi\.yml/);
    expect(text).toMatch(/^# Configuration of mlfi\. Keep what you change/);
  });

  const found: Discovery = {
    kind: 'found',
    endpoint: {
      url: 'http://10.0.0.7:8000/predict?key=s3cret',
      connector: 'rest',
      settings: {},
      authorizationSecret: null,
    },
    payloads: [{ age: 38, country: 'DE' }],
    answer: { kind: 'answer', prediction: 'yes', confidence: 0.9, modelVersion: null, latencySeconds: 0.01, shape: '' },
    attempts: [],
    isGuess: false,
  };
  const failed = (reason: 'blocked' | 'connect'): Discovery => ({
    kind: 'not-found',
    failure: { reason, detail: 'no', httpStatus: null, retryAfterMs: null },
    attempts: [],
  });
  /** Answers only where the configuration allows the host. */
  const behindEgress: Commands['tryModels'] = (config, onTried) => {
    const [model] = config.models;
    if (model !== undefined)
      onTried(model.id, config.egress.allowHosts.includes('10.0.0.7') ? found : failed('blocked'), null);
    return Promise.resolve();
  };

  it('asks a model first, says what it found, and writes no more than the model and what it needs', async () => {
    const file = join(folder(), 'mlfi.yml');
    const lines = printed();
    const asked = {
      output: file,
      url: 'http://10.0.0.7:8000/predict',
      id: 'fraud',
      payload: '{"age":38,"country":"DE"}',
    };
    expect(await init({ tryModels: behindEgress }, asked)).toBe(0);
    expect(lines[0]).toBe(
      'fraud answers (rest at http://10.0.0.7:8000/predict); takes age, country; gives a prediction and a confidence',
    );
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('s3cret');
    expect(parse(text)).toEqual({
      models: [{ id: 'fraud', url: 'http://10.0.0.7:8000/predict', payloads: [{ age: 38, country: 'DE' }] }],
      egress: { allow_hosts: ['10.0.0.7'] },
    });
    expect(await configCheck({ tryModels: () => Promise.resolve(), tryTopics }, file, false)).toBe(0);
    expect(text.split('\n').length).toBeLessThanOrEqual(40);
  });

  it('allows no private address where the model answers without', async () => {
    const file = join(folder(), 'mlfi.yml');
    printed();
    const tryModels: Commands['tryModels'] = ({ models: [model] }, onTried) => {
      if (model !== undefined) onTried(model.id, found, null);
      return Promise.resolve();
    };
    expect(await init({ tryModels }, { output: file, url: 'https://models.example.com/predict' })).toBe(0);
    expect(parse(readFileSync(file, 'utf8'))).toEqual({
      models: [{ id: 'models-example-com-predict', url: 'https://models.example.com/predict' }],
    });
  });

  it('says what it sent, and asks for a payload, where all that it thought up got the same response', async () => {
    const file = join(folder(), 'mlfi.yml');
    const lines = printed();
    const guessed: Discovery = { ...found, payloads: [{ data: [[0.5, 1.2]] }], isGuess: true };
    const tryModels: Commands['tryModels'] = ({ models: [model] }, onTried) => {
      if (model !== undefined) onTried(model.id, guessed, 5);
      return Promise.resolve();
    };
    expect(await init({ tryModels }, { output: file, url: 'https://models.example.com/predict' })).toBe(0);
    expect(lines[0]).toContain('; sent {"data":[[0.5,1.2]]}; gives a prediction');
    expect(lines[1]).toMatch(/^All 5 payloads .* may not have understood them\. Give one that it takes: .*--payload/);
    const checked = printed();
    expect(await configCheck({ tryModels, tryTopics }, file, true)).toBe(0);
    expect(checked.at(-1)).toContain('Give one that it takes');
  });

  it('names the features inside of a payload that is given', async () => {
    const lines = printed();
    const rows = { ...found, payloads: [{ data: [{ age: 38, income: 51 }], threshold: 0.5 }] };
    const tryModels: Commands['tryModels'] = ({ models: [model] }, onTried) => {
      if (model !== undefined) onTried(model.id, rows, null);
      return Promise.resolve();
    };
    const output = join(folder(), 'mlfi.yml');
    await init({ tryModels }, { output, url: 'https://models.example.com/predict', openapi: '/docs/openapi.json' });
    expect(lines[0]).toContain('; takes data (age, income), threshold; ');
    expect(readFileSync(output, 'utf8')).toContain('openapi: /docs/openapi.json');
  });

  it('writes nothing for a model that does not answer, and says what to do', async () => {
    const file = join(folder(), 'mlfi.yml');
    const errors: string[] = [];
    vi.spyOn(console, 'error').mockImplementation((line: string) => void errors.push(line));
    const tryModels: Commands['tryModels'] = ({ models: [model] }, onTried) => {
      if (model !== undefined) onTried(model.id, failed('connect'), null);
      return Promise.resolve();
    };
    expect(await init({ tryModels }, { output: file, url: 'https://models.example.com/predict' })).toBe(2);
    expect(errors.join('\n')).toMatch(/is not written\. .*Check host and port/);
    expect(existsSync(file)).toBe(false);
    expect(await init({ tryModels }, { output: file, url: 'https://a.example', connector: 'nonsense' })).toBe(1);
  });
});

describe('mlfi config check', () => {
  it('says what it checked and what not', async () => {
    const file = join(folder(), 'mlfi.yml');
    writeFileSync(file, 'models: [{ id: fraud }]\n');
    const lines = printed();
    const tryModels = (): Promise<void> => Promise.resolve();
    expect(await configCheck({ tryModels, tryTopics }, file, false)).toBe(0);
    expect(lines.join('\n')).toMatch(
      /every key and value is valid \(1 model, .*Not checked: models \(--online asks them\) and the store\./,
    );
  });

  it('says of which model a source of Kafka knows nothing', async () => {
    const file = join(folder(), 'mlfi.yml');
    const source = (name: string, model: string): string =>
      `    - { name: ${name}, brokers: ["k:9092"], topics: [${name}], model: ${model} }\n`;
    writeFileSync(
      file,
      `models: [{ id: fraud }]\nsources:\n  kafka:\n${source('right', 'fraud')}${source('wrong', 'frod')}`,
    );
    const lines = printed();
    expect(await configCheck({ tryModels: () => Promise.resolve(), tryTopics }, file, false)).toBe(0);
    expect(lines.filter((line) => line.startsWith('Kafka'))).toEqual([
      'Kafka, wrong: waits for the model frod, which is none of `models`: it must come by the API or discovery.',
    ]);
  });
});
