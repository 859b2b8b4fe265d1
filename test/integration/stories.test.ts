import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve, type LocalServer } from './prometheus/servers.js';
import { eventually, runService, type RunningService } from './running-service.js';

interface Story {
  readonly id: string;
  readonly headline: string;
  readonly shared: readonly { readonly kind: string; readonly name: string }[];
  readonly models: number;
  readonly members: readonly { readonly model_id: string; readonly incident_id: string }[];
}

const answer = () => ({ body: JSON.stringify({ label: 'positive', confidence: 0.9 }) });
let running: RunningService;
let [one, other]: readonly (LocalServer | null)[] = [null, null];
const hosts = (): readonly string[] => [one, other].map((server) => `127.0.0.1:${server?.port ?? 0}`);
let addresses: readonly string[] = [];

beforeAll(async () => {
  running = await runService({ windows: { length: '5s', evaluate_every: '500ms' } });
  one = await serve(answer);
  other = await serve(answer);
  addresses = hosts();
  for (const [host, names] of [
    [addresses[0], ['a', 'b', 'c', 'd']],
    [addresses[1], ['e', 'f']],
  ] as const)
    for (const id of names) {
      const made = await running.request('POST', '/api/v1/models', {
        id,
        url: `http://${host ?? ''}/${id}`,
        payloads: [{ text: 'a' }, { text: 'b' }],
      });
      expect(made.status).toBeLessThan(300);
    }
});
afterAll(async () => {
  await running.close();
  await one?.stop();
  await other?.stop();
});

const stories = async (): Promise<readonly Story[]> =>
  ((await running.request('GET', '/api/v1/stories')).body as { stories: readonly Story[] }).stories;
const told = (all: readonly Story[]): readonly unknown[] =>
  all
    .map(({ shared, members }) => [
      shared[0]?.name,
      members
        .map(({ model_id }) => model_id)
        .sort()
        .join(''),
    ])
    .sort();

it('tells two hosts that die at the same time as two stories, in API and metrics, also after a restart', async () => {
  await eventually('answers of all models', 20_000, async () => {
    const { models } = (await running.request('GET', '/api/v1/models')).body as { models: { state: string }[] };
    return models.every(({ state }) => state !== 'configuring') ? true : null;
  });
  await Promise.all([one?.stop(), other?.stop()]);
  one = other = null;
  const expected = [
    [addresses[0], 'abcd'],
    [addresses[1], 'ef'],
  ].sort();
  const before = await eventually('two stories', 40_000, async () => {
    const now = await stories();
    return JSON.stringify(told(now)) === JSON.stringify(expected) ? now : null;
  });
  const four = before.find(({ models }) => models === 4);
  expect(four?.headline).toMatch(new RegExp(`^4 models at ${addresses[0] ?? ''} do not answer since .* UTC\\.$`));
  const incident = (await running.request('GET', `/api/v1/incidents/${four?.members[2]?.incident_id ?? ''}`)).body;
  expect((incident as { story: Story }).story).toMatchObject({ id: four?.id, models: 4 });
  await eventually('the story in the metrics', 20_000, async () => {
    const text = String((await running.request('GET', '/metrics/models')).body);
    const lines = text.split('\n').filter((line) => line.startsWith('mlfi_incident_story_info{'));
    const own = lines.filter((line) => line.includes(`story="${four?.id ?? ''}",shared="address",address="`));
    return lines.length === 6 && own.length === 4 ? true : null;
  });
  await running.restart();
  const ids = (all: readonly Story[]): readonly string[] => all.map(({ id }) => id).sort();
  expect(ids(await stories())).toEqual(ids(before));
  expect(told(await stories())).toEqual(expected);
}, 120_000);
