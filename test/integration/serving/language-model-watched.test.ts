import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, runService, type RunningService } from '../running-service.js';
import { scriptedLanguageModel, type Script } from './scripted-language-model.js';

const CANARIES = { prompt: 'canaryasked7391', completion: 'canarysaid5528' };
const LATER = 'canarylater6640';

/** A few words differ from call to call, as with batches on a GPU. */
let call = 0;
const normal = (asked: string): string => {
  call += 1;
  const end = call % 5 === 0 ? 'indeed it is' : 'that is it';
  return `The answer to a question of ${asked.length} letters is ${CANARIES.completion} for the ones who asked, and ${end}`;
};
const script: Script = { says: normal, finish: 'stop', firstWordMs: 30 };

let model: Awaited<ReturnType<typeof scriptedLanguageModel>>;
let running: RunningService;

beforeAll(async () => {
  model = await scriptedLanguageModel(script);
  running = await runService({
    baseline: { minimum_samples: 50 },
    probing: { interval: '500ms', timeout: '1s', probes_per_cycle: 5, golden_inputs: 5 },
    models: [
      {
        id: 'writer',
        url: model.url,
        golden_inputs: ['one', 'two', 'three'].map((word) => ({
          model: 'tiny',
          messages: [{ role: 'user', content: `${word} ${CANARIES.prompt}` }],
          temperature: 0,
          stream: true,
          stream_options: { include_usage: true },
        })),
      },
    ],
  });
}, 60_000);
afterAll(async () => {
  await running.close();
  model.close();
});

interface Shown {
  readonly state: string;
  readonly cause: string | null;
  readonly headline: string | null;
  readonly incident_id: string | null;
}
const shown = async (): Promise<Shown> => (await running.request('GET', '/api/v1/models/writer')).body as Shown;

it('a language model is watched by what it says of itself: steady while its words are, found when it declines', async () => {
  const state = (found: string) => async (): Promise<Shown | null> => {
    const now = await shown();
    return now.state === found ? now : null;
  };
  await eventually('the baseline', 60_000, state('healthy'));
  await new Promise((done) => setTimeout(done, 6_000));
  expect(await shown()).toMatchObject({ state: 'healthy', cause: null, incident_id: null });
  expect(model.asked.at(-1)).toMatchObject({ stream: true, temperature: 0 });

  script.says = () => `I’m sorry, but I can’t help with ${LATER}.`;
  // On a busy machine the time to the first word may have opened one before.
  const found = await eventually('an incident of the changed model', 60_000, async () => {
    const now = await shown();
    return now.cause === 'model-changed' && now.incident_id !== null ? now : null;
  });
  const { body } = await running.request('GET', `/api/v1/incidents/${found.incident_id ?? ''}`);
  expect(JSON.stringify(body)).not.toMatch(/[Ii]nput data drift/);

  const findings = ((await running.request('GET', '/api/v1/models/writer')).body as { findings: { subject: string }[] })
    .findings;
  expect(findings.map(({ subject }) => subject)).toEqual(
    expect.arrayContaining(['feature:output.refused', 'feature:output_tokens', 'feature:output.length', 'golden']),
  );
}, 180_000);

it('keeps no word of what was asked and said: not on disk, not in metrics, not in the API', async () => {
  const incident = (await shown()).incident_id ?? '';
  const told = await Promise.all(
    [
      '/metrics',
      '/api/v1/models',
      '/api/v1/models/writer/aggregates.csv',
      `/api/v1/incidents/${incident}`,
      '/api/v1/audit',
    ].map(async (path) => JSON.stringify((await running.request('GET', path)).body)),
  );
  for (const canary of [CANARIES.completion, LATER]) for (const text of told) expect(text).not.toContain(canary);
  // A golden input is what somebody gave to be asked again, and stays with the model; nowhere else.
  for (const [i, text] of told.entries()) if (i !== 1) expect(text).not.toContain(CANARIES.prompt);
  for (const name of readdirSync(running.directory, { recursive: true, encoding: 'utf8' })) {
    let bytes = '';
    try {
      bytes = readFileSync(join(running.directory, name), 'latin1');
    } catch {
      continue; // A folder.
    }
    for (const canary of [CANARIES.completion, LATER]) expect(bytes.includes(canary), name).toBe(false);
  }
});
