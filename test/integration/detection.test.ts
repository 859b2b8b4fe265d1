import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, TOKENS, type RunningService } from './running-service.js';

/** What a client sees of detection: logs in, evidence, costs, verdicts and accepted normals out, on a real service. */
interface View {
  readonly state: string;
  readonly incident_id: string | null;
  readonly baseline: { readonly state: string; readonly version?: number };
  readonly evidence: {
    readonly verdict: string;
    readonly changed_at_ms: number | null;
    readonly budget_left: number;
    readonly false_alert_every_ms: number;
    readonly signals: readonly { readonly signal: string; readonly state: string; readonly odds: string }[];
  };
  readonly performance: {
    readonly kind: string;
    readonly measure?: string;
    readonly accuracy?: number;
    readonly mean_absolute_error?: number;
    readonly realised_error: { readonly mean: number } | null;
  };
  readonly anomaly: { readonly verdict: string; readonly rows?: number };
  readonly findings: readonly {
    readonly detector: string;
    readonly subject: string;
    readonly sentence: string;
    readonly effect: { readonly interval: { readonly low: number; readonly high: number } | null };
    readonly cost: { readonly value: number } | null;
  }[];
}

let running: RunningService;
beforeAll(async () => {
  // The log is two hours long and sent as fast as the machine allows: until the end of it comes, silence is no news.
  running = await runService({
    baseline: { minimum_samples: 300, minimum_duration: '0s' },
    detection: { silence: '1d' },
  });
});
afterAll(() => running.close());

const view = async (id: string): Promise<View> => (await running.request('GET', `/api/v1/models/${id}`)).body as View;

/** The oldest line is younger than the hour of silence that counts as "no predictions come any more". */
const GAP_MS = 1_400;

/** Logged predictions at an even pace, the newest about now. */
class Log {
  private sent = 0;
  private readonly startMs: number;
  private readonly random = seededRandom('log');
  constructor(
    private readonly id: string,
    total: number,
    private readonly line: (random: () => number) => object,
  ) {
    this.startMs = Date.now() - GAP_MS * total;
  }
  async send(count: number, change: (line: Record<string, unknown>) => object = (line) => line): Promise<void> {
    for (let done = 0; done < count; done += 100) {
      const lines = Array.from({ length: Math.min(100, count - done) }, () => {
        const line: Record<string, unknown> = { ...this.line(() => this.random.next()) };
        this.sent += 1;
        const timestamp = new Date(this.startMs + GAP_MS * this.sent).toISOString();
        return { prediction_id: `p${this.sent}`, timestamp, ...change(line) };
      });
      const { status } = await running.request('POST', `/api/v1/models/${this.id}/observations`, lines);
      expect(status).toBe(200);
    }
  }
}

const unlabelled = (line: Record<string, unknown>): object =>
  Object.fromEntries(Object.entries(line).filter(([key]) => key !== 'label'));

const isReady = async (id: string, version: number): Promise<View> =>
  eventually(`version ${version} of the baseline of ${id}`, 120_000, async () => {
    const now = await view(id);
    return now.baseline.state === 'ready' && now.baseline.version === version ? now : null;
  });

/** A category seen three times: nothing that may be written down, in a baseline that is admitted as well. */
const RARE = 'Canary-4415-Kiosk';
const inStore = (text: string): boolean =>
  readdirSync(running.directory).some((file) => readFileSync(join(running.directory, file)).includes(text));

it('pages a changed mix with its evidence and its cost, and takes it for normal once somebody says so', async () => {
  await running.request('POST', '/api/v1/models', { id: 'shop' });
  let mobileShare = 0.2;
  const log = new Log('shop', 2_400, (random) => {
    const mobile = random() < mobileShare;
    const confidence = (mobile ? 0.7 : 0.92) + 0.05 * (random() - 0.5);
    const prediction = random() < 0.4 ? 'buy' : 'leave';
    const right = random() < confidence;
    const other = prediction === 'buy' ? 'leave' : 'buy';
    const features = { channel: mobile ? 'mobile' : 'web', basket: random() };
    return { features, prediction, confidence, label: right ? prediction : other };
  });
  let rare = 3;
  await log.send(800, (line) => ({ ...line, ...(rare-- > 0 ? { features: { channel: RARE, basket: 0.5 } } : {}) }));
  const quiet = await isReady('shop', 1);
  await eventually('the baseline in the store', 60_000, () => (inStore('mobile') ? true : null));
  expect(inStore(RARE)).toBe(false);
  expect(quiet.evidence.budget_left).toBeGreaterThan(0.9);
  expect(quiet.incident_id).toBeNull();
  const early = await running.request('POST', '/api/v1/models/shop/baseline/accept', { reason: 'why not' });
  expect(early.status).toBe(409);

  mobileShare = 0.7;
  await log.send(700, unlabelled);
  const paged = await eventually('a page', 120_000, async () => {
    const now = await view('shop');
    return now.evidence.verdict === 'alarm' && now.incident_id !== null ? now : null;
  });
  expect(paged.evidence.signals.filter(({ state }) => state === 'changed').map(({ signal }) => signal)).toContain(
    'feature:channel',
  );
  const moved = paged.findings.find(({ subject }) => subject === 'feature:channel');
  expect(moved?.effect.interval?.low).toBeGreaterThan(0.3);
  expect(moved?.sentence).toMatch(/estimated to cost \d+\.\d points of accuracy/);
  expect(moved?.cost?.value).toBeGreaterThan(0.05);
  expect(moved?.cost?.value).toBeLessThan(0.18);
  expect(paged.performance).toMatchObject({ kind: 'estimated', measure: 'accuracy' });
  expect(paged.performance.accuracy).toBeLessThan(0.82);

  await judgeUseless(paged);

  const accepted = await running.request('POST', '/api/v1/models/shop/baseline/accept', { reason: 'new app' });
  expect(accepted.status).toBe(202);
  const anew = await isReady('shop', 2);
  expect(anew.evidence.verdict).not.toBe('alarm');
  await log.send(400, unlabelled);
  const settled = await eventually('the incident closed', 120_000, async () => {
    const now = await view('shop');
    return now.incident_id === null ? now : null;
  });
  expect(settled.anomaly.verdict).toBe('usual');
  expect(settled.evidence.verdict).toBe('quiet');
});

/** People's word on a page moves the line of its model, is on record, and can be taken back for all. */
async function judgeUseless({ incident_id: id, evidence }: View): Promise<void> {
  const feedback = { incident_id: id, useful: false, reason: 'the new app was announced' };
  const byMachine = await running.request('POST', '/api/v1/feedback', feedback);
  expect(byMachine.status).toBe(403);
  const said = await running.request('POST', '/api/v1/feedback', feedback, TOKENS.ada);
  expect(said.body).toMatchObject({
    feedback: [{ useful: false, on_evidence: true, by: { name: expect.any(String) as string } }],
  });
  expect((await view('shop')).evidence.false_alert_every_ms).toBe(2 * evidence.false_alert_every_ms);
  const learnt = (await running.request('GET', '/api/v1/learning')).body;
  expect(learnt).toMatchObject({ alert_thresholds: [{ model_id: 'shop', factor: 2, useful: 0, not_useful: 1 }] });
  await running.request('POST', '/api/v1/learning/reset', { reason: 'to begin anew' }, TOKENS.ada);
  expect((await view('shop')).evidence.false_alert_every_ms).toBe(evidence.false_alert_every_ms);
}

/** Five sensors that used to agree. */
const SENSORS = ['a', 'b', 'c', 'd', 'e'];

it('judges rows no feature alone would give away', async () => {
  await running.request('POST', '/api/v1/models', { id: 'pairs' });
  const log = new Log('pairs', 1_500, (random) => {
    const x = random();
    const near = Object.fromEntries(SENSORS.map((name) => [name, x + 0.02 * random()]));
    return { features: near, prediction: 'a', confidence: 0.9 };
  });
  await log.send(800);
  await isReady('pairs', 1);
  const random = seededRandom('apart');
  await log.send(400, (line) => ({
    ...line,
    features: Object.fromEntries(SENSORS.map((name) => [name, random.next()])),
  }));
  const unusual = await eventually('unusual rows', 120_000, async () => {
    const now = await view('pairs');
    return now.anomaly.verdict === 'unusual' ? now : null;
  });
  expect(unusual.anomaly).toHaveProperty('contributions');
});

it('joins labels of quantities by id, and estimates the error of answers that have none', async () => {
  await running.request('POST', '/api/v1/models', { id: 'prices' });
  const truths: number[] = [];
  const log = new Log('prices', 1_600, (random) => {
    const prediction = 50 + 100 * random();
    truths.push(prediction * (1 + 0.2 * (random() - 0.5)));
    return { features: { rooms: random() }, prediction };
  });
  await log.send(400);
  const labels = truths.map((label, i) => ({ prediction_id: `p${i + 1}`, label }));
  const joined = await running.request('POST', '/api/v1/models/prices/labels', labels);
  expect(joined.body).toMatchObject({ labels_matched: 400, labels_unmatched: 0 });
  await log.send(400, (line) => ({ ...line, label: truths.at(-1) }));
  await isReady('prices', 1);
  await log.send(300);
  const estimated = await eventually('an estimate', 120_000, async () => {
    const now = await view('prices');
    return now.performance.kind === 'estimated' ? now : null;
  });
  expect(estimated.performance.measure).toBe('mean-absolute-error');
  // Mean answer 100, error uniform within 10 % of it: 5 on average.
  expect(estimated.performance.mean_absolute_error).toBeGreaterThan(4.3);
  expect(estimated.performance.mean_absolute_error).toBeLessThan(5.7);
  const metrics = (await running.request('GET', '/metrics/models')).body as string;
  expect(metrics).toMatch(/mlfi_estimated_absolute_error\{model_name="prices",bound="estimate"\} [45]\./);
});

it('says of rows whose inputs have other names than the ones it learnt with that it cannot compare them', async () => {
  await running.request('POST', '/api/v1/models', { id: 'renamed' });
  const row = (names: readonly [string, string], random: () => number): object => ({
    features: { [names[0]]: random(), [names[1]]: random() < 0.3 ? 'a' : 'b' },
    prediction: random() < 0.5 ? 'yes' : 'no',
    confidence: 0.7 + 0.2 * random(),
  });
  await new Log('renamed', 1_000, (random) => row(['age', 'side'], random)).send(800);
  await isReady('renamed', 1);
  const random = seededRandom('renamed');
  const notesOf = async (names: readonly [string, string]): Promise<readonly object[]> => {
    const lines = Array.from({ length: 100 }, () => row(names, () => random.next()));
    const { body } = await running.request('POST', '/api/v1/models/renamed/observations', lines);
    return (body as { notes: readonly object[] }).notes;
  };
  expect(await notesOf(['age', 'side'])).toEqual([]);
  expect(await notesOf(['years', 'hand'])).toMatchObject([{ reason: 'inputs_unknown', rows: 100, field: 'features' }]);
  await eventually('the blind spot', 120_000, async () => {
    const { body } = await running.request('GET', '/api/v1/models/renamed');
    const { blind_spots: spots } = body as { blind_spots: readonly { check: string }[] };
    return spots.some(({ check }) => check === 'inputs under new names') ? true : null;
  });
});
