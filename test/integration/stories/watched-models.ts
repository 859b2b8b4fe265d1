/** The real service in its default configuration, real endpoints and everything over HTTP, in a time that is simulated. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { parseConfig } from '../../../exporter/src/config/load.js';
import { EXECUTABLE_ACTIONS } from '../../../exporter/src/domain/recommendation.js';
import { analyseRows } from '../../../exporter/src/rca/row-analysis.js';
import { startService, type Service } from '../../../exporter/src/service/start.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { SimulatedClock } from './simulated-clock.js';

export type Features = Readonly<Record<string, string | number | null>>;

export interface Inputs {
  readonly age: number;
  readonly income: number;
  readonly hours: number;
  readonly country: string;
  readonly device: string;
}

/** What is wrong with a model, its inputs or its labels; whatever it leaves out is as ever. */
export interface Fault {
  /** What arrives at the model of what happened in the world. */
  readonly arrives?: (world: Inputs, random: () => number) => Features;
  /** Chance of "yes" in the world, given the usual one. */
  readonly truth?: (usual: number, world: Inputs) => number;
  readonly isReplaced?: boolean;
  readonly failing?: number;
  readonly latencyMs?: readonly [least: number, most: number];
}

export interface WatchedModel {
  readonly id: string;
  /** Inputs it is asked again and again. */
  readonly goldenInputs: number;
  readonly hasLabels: boolean;
  readonly version?: string;
}

export interface Told {
  readonly atMs: number;
  readonly incident: string | null;
  readonly state: string;
  readonly severity: string;
  readonly headline: string;
  readonly cause: string | null;
}

const TOKEN = 'ada-0123456789012345678901234567890';
const START_MS = Date.UTC(2026, 5, 10, 9, 0, 0);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const STEP_MS = 5_000;
const ROWS_A_STEP = 3;
/** What a request waits for. */
const COMMIT_DELAY_MS = 50;
const HISTORY_APART_MS = MINUTE_MS;

const chanceOf = (features: Features, isReplaced: boolean): number => {
  const number = (name: string, otherwise: number): number =>
    typeof features[name] === 'number' ? features[name] : otherwise;
  const [income, age, hours] = [number('income', 50), number('age', 40), number('hours', 38)];
  const ofCountry: Record<string, number> = { DE: 0.3, FR: -0.2, ES: -0.5, IT: 0.1 };
  const ofDevice: Record<string, number> = { web: 0.2, app: -0.2 };
  const z = isReplaced
    ? -0.02 * (income - 50) + 0.09 * (age - 40) + (features['country'] === 'ES' ? 0.6 : -0.3)
    : 0.05 * (income - 50) +
      0.04 * (age - 40) +
      0.03 * (hours - 38) +
      (ofCountry[String(features['country'])] ?? -0.1) +
      (ofDevice[String(features['device'])] ?? 0);
  return 1 / (1 + Math.exp(-Math.max(-30, Math.min(30, z))));
};

const answerOf = (features: Features, isReplaced: boolean): { prediction: string; confidence: number } => {
  const yes = chanceOf(features, isReplaced);
  return { prediction: yes >= 0.5 ? 'yes' : 'no', confidence: Number(Math.max(yes, 1 - yes).toFixed(4)) };
};

function worldOf(random: () => number): Inputs {
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const round = (value: number): number => Number(value.toFixed(1));
  const [country, device] = [random(), random()];
  return {
    age: round(40 + 11 * normal()),
    income: round(Math.max(5, 50 + 14 * normal())),
    hours: round(38 + 6 * normal()),
    country: country < 5 / 11 ? 'DE' : country < 8 / 11 ? 'FR' : country < 10 / 11 ? 'ES' : 'IT',
    device: device < 0.6 ? 'web' : 'app',
  };
}

/** One row of traffic as its sender logs it. */
function rowOf(model: WatchedModel, fault: Fault, atMs: number, random: () => number): object {
  const world = worldOf(random);
  const features: Features = fault.arrives?.(world, random) ?? { ...world };
  const usual = chanceOf({ ...world }, false);
  const label = random() < (fault.truth?.(usual, world) ?? usual) ? 'yes' : 'no';
  const common = {
    prediction_id: `${model.id}-${atMs}-${Math.floor(random() * 1e9)}`,
    timestamp: new Date(atMs).toISOString(),
    features,
    ...(model.version === undefined ? {} : { model_version: model.version }),
  };
  if (random() < (fault.failing ?? 0)) return { ...common, error: 'http_5xx', latency_ms: 5 + 4 * random() };
  const [least, most] = fault.latencyMs ?? [7, 11];
  return {
    ...common,
    ...answerOf(features, fault.isReplaced ?? false),
    latency_ms: least + (most - least) * random(),
    ...(model.hasLabels ? { label } : {}),
  };
}

/** What servers are sent to find out how they are asked need not be JSON. */
function parsed(text: string): Features | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Features | null) : null;
  } catch {
    return null;
  }
}

export class WatchedModels {
  /** What is wrong now, by model. */
  readonly faults = new Map<string, Fault>();
  /** Called when an approved action arrives where it is carried out. */
  onAction: (model: string, action: string) => void = () => undefined;
  /** What the API told of each model, step by step. */
  readonly told = new Map<string, Told[]>();
  private readonly randoms = new Map<string, () => number>();
  private busy = 0;
  /** When the next step begins. */
  private stepMs = START_MS + MINUTE_MS;

  private constructor(
    readonly models: readonly WatchedModel[],
    readonly clock: SimulatedClock,
    private readonly directory: string,
    private readonly server: Server,
  ) {}

  private service: Service | null = null;
  private key = '';

  /** Starts it all with three days of history, a row a minute. */
  static async start(models: readonly WatchedModel[], settings: object = {}): Promise<WatchedModels> {
    const directory = mkdtempSync(join(tmpdir(), 'mlfi-stories-'));
    const server = createServer();
    const watched = new WatchedModels(models, new SimulatedClock(START_MS), directory, server);
    await watched.open(settings);
    return watched;
  }

  private async open(settings: object): Promise<void> {
    this.server.on('request', (request, response) => {
      this.busy += 1;
      response.on('close', () => (this.busy -= 1));
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = parsed(Buffer.concat(chunks).toString());
        const { status, answer } = this.answer(request.url ?? '', request.method ?? '', body);
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const loaded = parseConfig(
      'stories',
      stringify({
        data_dir: this.directory,
        listen: { address: '127.0.0.1', port: 0 },
        egress: { allow_cidrs: ['127.0.0.0/8'] },
        logging: { level: 'error' },
        identity: { local_people: [{ login: 'ada', name: 'Ada', token: TOKEN }] },
        governance: { webhooks: [{ name: 'mend', url: `${base}/act`, actions: EXECUTABLE_ACTIONS }] },
        models: this.models.map(({ id, goldenInputs }) => {
          const random = seededRandom(`golden ${id}`);
          const payloads = Array.from({ length: goldenInputs }, () => worldOf(() => random.next()));
          return { id, url: `${base}/${id}/predict`, payloads, golden_inputs: payloads };
        }),
        ...settings,
      }),
      {},
      this.directory,
    );
    if (loaded.kind === 'refused')
      throw new Error(loaded.problems.map(({ key, message }) => `${key} ${message}`).join('; '));
    this.service = await startService(loaded.config, {
      clock: this.clock,
      // A worker thread takes real time, which must not decide what an evaluation sees.
      analyseRows: (input) => Promise.resolve(analyseRows(input)),
    });
    this.key = this.service.firstKey ?? '';

    await this.whileTimeGoesOn(Promise.all(this.models.map((model) => this.sendHistory(model))));

    for (let i = 0; i < 24; i += 1) await this.step(false);
  }

  private answer(url: string, method: string, body: Features | null): { status: number; answer: unknown } {
    const [model = '', verb = ''] = url.slice(1).split('/');
    if (method !== 'POST') return { status: 404, answer: { error: 'not found' } };
    if (model === 'act') {
      const { parameters, model: on } = body as unknown as { parameters: { action: string }; model: string };
      this.onAction(on, parameters.action);
      return { status: 200, answer: {} };
    }
    const fault = this.faults.get(model) ?? {};
    if (verb !== 'predict') return { status: 404, answer: { error: 'not found' } };
    if (body === null || !('income' in body)) return { status: 422, answer: { error: 'field required: income' } };
    if (this.random(`${model} server`) < (fault.failing ?? 0)) return { status: 500, answer: { error: 'internal' } };
    return { status: 200, answer: answerOf(body, fault.isReplaced ?? false) };
  }

  private random(name: string): number {
    let random = this.randoms.get(name);
    if (random === undefined) {
      const seeded = seededRandom(name);
      random = () => seeded.next();
      this.randoms.set(name, random);
    }
    return random();
  }

  private async sendHistory(model: WatchedModel): Promise<void> {
    const now = this.clock.now();
    const rows: object[] = [];
    for (let atMs = now - 3 * DAY_MS; atMs < now - MINUTE_MS; atMs += HISTORY_APART_MS)
      rows.push(rowOf(model, {}, atMs, () => this.random(model.id)));
    for (let at = 0; at < rows.length; at += 1_500)
      await this.send(model.id, rows.slice(at, at + 1_500), `history-${at}`);
  }

  private async send(model: string, rows: readonly object[], batch: string): Promise<void> {
    const path = `/api/v1/models/${model}/observations?batch_id=${model}-${batch}`;
    const { status, body } = await this.request('POST', path, rows.map((row) => JSON.stringify(row)).join('\n'));
    if (status >= 300) throw new Error(`${model}: ${status} ${JSON.stringify(body)}`);
  }

  /** What waits for the clock inside the service waits for us. */
  private async whileTimeGoesOn<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    void work.then(
      () => (isDone = true),
      () => (isDone = true),
    );
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (isDone) return work;
      if (this.clock.nextMs - this.clock.now() <= COMMIT_DELAY_MS)
        await this.clock.advance(this.clock.nextMs - this.clock.now(), () => this.settled());
    }
  }

  /** Nothing asks a model any more, and the event loop has come round a few times. */
  private async settled(): Promise<void> {
    do {
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
    } while (this.busy > 0);
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    bearer = this.key,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await fetch(`${this.service?.address ?? ''}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json',
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, body: isJson ? (JSON.parse(text) as unknown) : text };
  }

  /** As `request`, as a person who may decide. */
  decide(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    return this.request(method, path, body, TOKEN);
  }

  /** Five seconds of traffic to every model, and what is told then. Steps begin at the same times whatever a run's requests took. */
  async step(isNoted = true): Promise<void> {
    const from = this.stepMs;
    this.stepMs += STEP_MS;
    await this.clock.advance(this.stepMs - this.clock.now(), () => this.settled());
    const sending = this.models.map((model) => {
      const fault = this.faults.get(model.id) ?? {};
      const rows = Array.from({ length: ROWS_A_STEP }, (_, i) =>
        rowOf(model, fault, from + (STEP_MS * i) / ROWS_A_STEP, () => this.random(model.id)),
      );
      return this.send(model.id, rows, String(from));
    });
    await this.whileTimeGoesOn(Promise.all(sending));
    if (isNoted) await this.note();
  }

  private async note(): Promise<void> {
    const { body } = await this.request('GET', '/api/v1/models');
    const { models } = body as {
      readonly models: readonly {
        id: string;
        state: string;
        severity: string;
        headline: string;
        cause: string | null;
        incident_id: string | null;
      }[];
    };
    for (const { id, incident_id: incident, state, severity, headline, cause } of models) {
      const told = this.told.get(id) ?? [];
      told.push({ atMs: this.clock.now(), incident, state, severity, headline, cause });
      this.told.set(id, told);
    }
  }

  async stepFor(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.step();
  }

  async close(): Promise<void> {
    let isClosed = false;
    const closing = this.service?.close().finally(() => (isClosed = true));
    while (!isClosed && closing !== undefined) await this.clock.advance(1_000, () => this.settled());
    await closing;
    await new Promise((resolve) => this.server.close(resolve));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
