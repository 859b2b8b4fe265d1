import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../exporter/src/domain/audit.js';
import type { z } from 'zod';
import type { validationSchema } from '../../exporter/src/http/views/validations.js';
import { Loopback } from '../unit/governance/executors/loopback.js';
import { eventually, runService, type RunningService } from './running-service.js';

type Validation = z.output<typeof validationSchema>;

const SECRET = 'Bearer canary-of-the-model';

interface Applicant {
  readonly age: number;
  readonly income: number;
}

/** A model server whose rule is given; everything it was asked is kept. */
const serving = (decide: (applicant: Applicant) => string, confidence = 0.9): Promise<Loopback> =>
  Loopback.start(
    ({ method, body }) => {
      if (method !== 'POST') return { status: 404, body: {} };
      const applicant = JSON.parse(body) as Partial<Applicant>;
      return typeof applicant.age === 'number' && typeof applicant.income === 'number'
        ? { status: 200, body: { prediction: decide(applicant as Applicant), confidence, model_version: 'v2' } }
        : { status: 422, body: { detail: 'age and income are needed' } };
    },
    () => true,
  );
const OLD = ({ age }: Applicant): string => (age > 40 ? 'yes' : 'no');
const TRUTH = ({ age, income }: Applicant): string => (age > 40 || income > 45 ? 'yes' : 'no');

describe('validation of a candidate against the model in service', () => {
  let current: Loopback;
  let service: RunningService;
  const candidates: Loopback[] = [];
  beforeEach(async () => {
    current = await serving(OLD);
    service = await runService({
      secrets: { fraud: { value: SECRET } },
      probing: { interval: '1h', timeout: '1s', probes_per_cycle: 1, golden_inputs: 2, concurrency: 4 },
      models: [
        {
          id: 'fraud',
          url: `${current.url}/v1`,
          connector: 'rest',
          payloads: [{ age: 30, income: 50 }],
          golden_inputs: [
            { age: 30, income: 50 },
            { age: 60, income: 50 },
          ],
          authorization_secret: 'fraud',
          headers: { 'x-model-key': { secret: 'fraud' } },
          query: { token: { secret: 'fraud' } },
        },
        {
          id: 'rationed',
          url: `${current.url}/v1`,
          connector: 'rest',
          payloads: [{ age: 30, income: 50 }],
          schedule: { calls_per_hour: 60 },
        },
      ],
    });
  });
  afterEach(async () => {
    await service.close();
    await current.close();
    for (const candidate of candidates.splice(0)) await candidate.close();
  });

  async function candidate(decide: (applicant: Applicant) => string, confidence?: number): Promise<Loopback> {
    const server = await serving(decide, confidence);
    candidates.push(server);
    return server;
  }
  const start = (body: object) => service.request('POST', '/api/v1/models/fraud/validations', body);
  const newest = async (id = 'fraud'): Promise<Validation | null> => {
    const { body } = await service.request('GET', `/api/v1/models/${id}/validations`);
    const [first] = (body as { validations: Validation[] }).validations;
    return first === undefined || first.state === 'running' ? null : first;
  };
  const verdictOf = async (body: object): Promise<Validation> => {
    expect((await start(body)).status).toBe(202);
    return eventually('the verdict', 30_000, () => newest());
  };
  /** Logs what the model in service answered to live applicants, with the truth where it is known. */
  async function traffic(count: number, labelled: boolean): Promise<readonly Applicant[]> {
    const applicants = Array.from({ length: count }, (_, i) => ({
      age: 20 + ((i * 37) % 60),
      income: 20 + ((i * 53) % 80),
    }));
    const { status } = await service.request(
      'POST',
      '/api/v1/models/fraud/observations',
      applicants.map((features) => ({
        features,
        prediction: OLD(features),
        confidence: 0.9,
        ...(labelled ? { label: TRUTH(features) } : {}),
      })),
    );
    expect(status).toBeLessThan(300);
    return applicants;
  }
  const auditKinds = async (): Promise<readonly string[]> =>
    (await service.service.application.audit.entries(1, 1_000)).map(
      ({ body }: AuditEntry) => (JSON.parse(Buffer.from(body).toString('utf8')) as { kind: string }).kind,
    );

  it('passes one that answers alike, on golden, mirrored and generated inputs, and says so in the audit', async () => {
    await traffic(80, false);
    const validation = await verdictOf({ candidate_url: `${(await candidate(OLD)).url}/v2`, samples: 120 });
    expect(validation).toMatchObject({
      state: 'finished',
      verdict: 'pass',
      candidate_version: 'v2',
      comparison: { inputs: { golden: 2, mirrored: 80, generated: 38 }, agreement: { count: 120, of: 120 } },
    });
    expect(await auditKinds()).toEqual(expect.arrayContaining(['validation-started', 'validation-finished']));
    const { body } = await service.request('GET', '/api/v1/audit/verify');
    expect(JSON.stringify(body)).not.toContain('"broken"');
  });

  it('asks the candidate exactly what live traffic held, and stores nothing of it', async () => {
    const applicants = await traffic(40, false);
    const server = await candidate(OLD);
    const validation = await verdictOf({ candidate_url: `${server.url}/v2`, samples: 42 });
    const asked = server.requests.map(({ body }) => body);
    for (const applicant of applicants) expect(asked).toContain(JSON.stringify(applicant));
    expect(JSON.stringify(validation)).not.toContain('"age"');
  });

  it('fails one that answers otherwise, and passes it when the labels show that it is right', async () => {
    const better = `${(await candidate(TRUTH)).url}/v2`;
    await traffic(150, false);
    expect((await verdictOf({ candidate_url: better, samples: 150 })).verdict).toBe('fail');
    await traffic(150, true);
    const labelled = await verdictOf({ candidate_url: better, samples: 150 });
    expect(labelled.verdict).toBe('pass');
    expect(labelled.comparison?.accuracy).toMatchObject({ labelled: 148, candidate_right: 148, only_current_right: 0 });
    expect(labelled.comparison?.accuracy?.p_value).toBeLessThan(1e-6);
  });

  it('never sends the model’s credential to another server', async () => {
    const server = await candidate(OLD);
    await verdictOf({ candidate_url: `${server.url}/v2`, samples: 20 });
    expect(server.requests.length).toBeGreaterThan(20);
    expect(JSON.stringify(server.requests)).not.toContain('canary');
    for (const { headers } of server.requests) expect(headers).not.toHaveProperty('x-model-key');
    const [asked] = current.requests.filter(({ headers }) => headers.authorization === SECRET);
    expect(asked?.headers['x-model-key']).toBe(SECRET);
    expect(asked?.url).toContain('token=Bearer');
  });

  it('says what is wrong with a candidate that does not answer, that may not be called, or that is the model itself', async () => {
    const dead = await candidate(OLD);
    await dead.close();
    expect(await verdictOf({ candidate_url: `${dead.url}/v2` })).toMatchObject({ state: 'failed', verdict: null });
    expect((await verdictOf({ candidate_url: 'http://10.1.2.3/v2' })).reasons[0]).toContain('egress');
    expect((await start({ candidate_url: `${current.url}/v1` })).status).toBe(400);
    expect((await start({ candidate_url: 'ftp://x' })).status).toBe(400);
    expect(
      (await service.request('POST', '/api/v1/models/nobody/validations', { candidate_url: 'http://x/' })).status,
    ).toBe(404);
  });

  it('runs one at a time for a model', async () => {
    const url = `${(await candidate(OLD)).url}/v2`;
    const answers = await Promise.all([1, 2, 3].map(() => start({ candidate_url: url, samples: 50 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    await eventually('the verdict', 30_000, () => newest());
  });

  it('keeps within the hourly budget of calls, and says how many inputs it did not ask', async () => {
    const server = await candidate(OLD);
    await service.request('POST', '/api/v1/models/rationed/validations', {
      candidate_url: `${server.url}/v2`,
      samples: 200,
    });
    const validation = await eventually('the verdict', 30_000, () => newest('rationed'));
    expect(server.requests.length).toBeLessThanOrEqual(60);
    expect(validation.reasons.join(' ')).toMatch(/inputs were not asked: the model’s budget/);
  });

  it('restores: holds a rollback candidate to the baseline’s golden answers', async () => {
    const other = await verdictOf({
      candidate_url: `${(await candidate(OLD)).url}/v0`,
      purpose: 'restore',
      samples: 20,
    });
    expect(other.verdict).toBe('inconclusive');
    expect(other.reasons[0]).toContain('baseline');
  });
});
