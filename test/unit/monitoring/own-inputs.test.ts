import { describe, expect, it } from 'vitest';
import { parseBatch } from '../../../exporter/src/capture/ingest/parse.js';
import { modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Random } from '../../../exporter/src/domain/ports.js';
import type { ReplayFleet } from '../../../exporter/src/monitoring/replay-fleet.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { normal } from '../detection/rows.js';
import { answers, fleetOn, modelNamed } from './fleet-on-memory.js';
import { MemoryStore } from './memory-store.js';

/**
 * Inputs of our own beside those of test/integration/field-cases.test.ts and -restart.test.ts, of the same kinds: A rows lost
 * before they are counted · B values read as something else · C a change not seen · D a false page · H the same after a kill.
 */
const A = modelId('a');
const START_MS = Date.UTC(2026, 2, 2, 8);
const STEP_MS = 3_000;
const [BEFORE, AFTER] = [400, 300];
const AT_ONCE = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Fields = Readonly<Record<string, unknown>>;
type Row = (random: Random, i: number) => Fields;

interface Sent {
  readonly body: string;
  readonly accepted: number;
  readonly rejected?: number;
  /** What the first row is read as. */
  readonly read?: object;
}

const good = '{"prediction":"a"}';
const LOST: Readonly<Record<string, Sent>> = {
  'blank lines between rows': { body: `${good}\n\n\n${good}\n`, accepted: 2 },
  'old Mac line ends inside an array': { body: `[${good},\r${good}]`, accepted: 2 },
  'spaces before and after': { body: `   ${good}   \n\t${good}\t`, accepted: 2 },
  'a row that is a number': { body: `${good}\n42\n${good}`, accepted: 2, rejected: 1 },
  'a row that is null': { body: `[${good},null,${good}]`, accepted: 2, rejected: 1 },
  'an empty object among rows': { body: `${good}\n{}\n${good}`, accepted: 2, rejected: 1 },
  'a bad time among good ones': {
    body: `${good}\n{"prediction":"a","timestamp":"yesterday"}\n${good}`,
    accepted: 2,
    rejected: 1,
  },
  'features that are a list': { body: `${good}\n{"prediction":"a","features":[1,2]}`, accepted: 1, rejected: 1 },
  'context that is a text': { body: `${good}\n{"prediction":"a","context":"eu"}`, accepted: 1, rejected: 1 },
  'an array whose last element is cut off': { body: `[${good},${good},{"predic`, accepted: 2, rejected: 1 },
  'a text with a lone surrogate': { body: '{"prediction":"a","features":{"t":"\\ud83d"}}', accepted: 1 },
  'a text with a NUL': { body: '{"prediction":"a","features":{"t":"a\\u0000b"}}', accepted: 1 },
};

const MISREAD: Readonly<Record<string, Sent>> = {
  'a time of half an hour’s zone': {
    body: '{"prediction":"a","timestamp":"2026-03-02T13:30:00+05:30"}',
    accepted: 1,
    read: { atMs: START_MS },
  },
  'seconds with a fraction': {
    body: `{"prediction":"a","timestamp":${START_MS / 1_000 + 0.25}}`,
    accepted: 1,
    read: { atMs: START_MS + 250 },
  },
  'a time with a space and no zone': {
    body: '{"prediction":"a","timestamp":"2026-03-02 08:00:00"}',
    accepted: 1,
    read: { atMs: START_MS },
  },
  'an id that is a number': { body: '{"prediction":"a","prediction_id":7}', accepted: 1, read: { predictionId: '7' } },
  'an id with zeros in front': {
    body: '{"prediction":"a","prediction_id":"007"}',
    accepted: 1,
    read: { predictionId: '007' },
  },
  'a confidence as text': { body: '{"prediction":"a","confidence":"0.9"}', accepted: 1, read: { confidence: 0.9 } },
  'a confidence of 0': { body: '{"prediction":"a","confidence":0}', accepted: 1, read: { confidence: 0 } },
  'a latency in milliseconds': {
    body: '{"prediction":"a","latency_ms":250}',
    accepted: 1,
    read: { latencySeconds: 0.25 },
  },
  'an answer of false': { body: '{"prediction":false}', accepted: 1, read: { prediction: false } },
  'an answer of 0': { body: '{"prediction":0}', accepted: 1, read: { prediction: 0 } },
  'a label of 0 beside an answer of 1': {
    body: '{"prediction":1,"label":0}',
    accepted: 1,
    read: { prediction: 1, label: 0 },
  },
};

describe.each([
  ['A', LOST],
  ['B', MISREAD],
] as const)('%s', (_, cases) => {
  it.each(Object.entries(cases))('%s', (_name, { body, accepted, rejected = 0, read }) => {
    const type = body.startsWith('[') ? 'application/json' : 'application/x-ndjson';
    const batch = parseBatch(body, type, START_MS + 60_000);
    expect([batch.observations.length, batch.rejected]).toEqual([accepted, rejected]);
    if (read !== undefined) expect(batch.observations[0]).toMatchObject(read);
    for (const { message } of batch.errors) expect(message.length).toBeGreaterThan(10);
  });
});

interface Played {
  readonly before: Row;
  readonly after: Row;
  /** What must be blamed; none: nothing is found. */
  readonly blamed?: string;
}

const inputs =
  (features: Row): Row =>
  (random, i) => ({ features: features(random, i) });
const of = <T>(random: Random, ...values: readonly T[]): T | undefined =>
  values[Math.floor(random.next() * values.length)];

const UNSEEN: Readonly<Record<string, Played>> = {
  'degrees Celsius become Fahrenheit': {
    before: inputs((random) => ({ t: 20 + 5 * normal(random) })),
    after: inputs((random) => ({ t: 68 + 9 * normal(random) })),
    blamed: 'feature:t',
  },
  'the spread trebles around the same mean': {
    before: inputs((random) => ({ x: normal(random) })),
    after: inputs((random) => ({ x: 3 * normal(random) })),
    blamed: 'feature:x',
  },
  'a country that was never seen': {
    before: inputs((random) => ({ land: of(random, 'de', 'fr', 'it') })),
    after: inputs((random) => ({ land: of(random, 'de', 'fr', 'it', 'ch', 'ch') })),
    blamed: 'feature:land',
  },
  'small letters become capitals': {
    before: inputs((random) => ({ land: of(random, 'de', 'fr', 'it') })),
    after: inputs((random) => ({ land: of(random, 'DE', 'FR', 'IT') })),
    blamed: 'feature:land',
  },
  'every fifth value is -999': {
    before: inputs((random) => ({ x: 50 + 10 * normal(random) })),
    after: inputs((random) => ({ x: random.next() < 0.2 ? -999 : 50 + 10 * normal(random) })),
    blamed: 'feature:x',
  },
  'a sensor that is stuck': {
    before: inputs((random) => ({ x: 50 + 10 * normal(random) })),
    after: inputs(() => ({ x: 51.3 })),
    blamed: 'feature:x',
  },
  'empty texts flood a category': {
    before: inputs((random) => ({ plan: of(random, 'free', 'pro', 'team') })),
    after: inputs((random) => ({ plan: random.next() < 0.5 ? '' : of(random, 'free', 'pro', 'team') })),
    blamed: 'feature:plan',
  },
  'a flag turns from rare to usual': {
    before: inputs((random) => ({ vip: random.next() < 0.1 })),
    after: inputs((random) => ({ vip: random.next() < 0.7 })),
    blamed: 'feature:vip',
  },
  'decimal points become commas': {
    before: inputs((random) => ({ x: (50 + 10 * normal(random)).toFixed(2) })),
    after: inputs((random) => ({ x: (50 + 10 * normal(random)).toFixed(2).replace('.', ',') })),
    blamed: 'feature:x',
  },
  'a nested number, × 10': {
    before: inputs((random) => ({ cart: { total: 50 + 10 * normal(random) } })),
    after: inputs((random) => ({ cart: { total: 500 + 100 * normal(random) } })),
    blamed: 'feature:cart.total',
  },
  'answers tip over': {
    before: (random) => ({ prediction: random.next() < 0.2 ? 'yes' : 'no' }),
    after: (random) => ({ prediction: random.next() < 0.7 ? 'yes' : 'no' }),
    blamed: 'prediction',
  },
  'confidence falls': {
    before: (random) => ({ confidence: 0.85 + 0.05 * random.next() }),
    after: (random) => ({ confidence: 0.6 + 0.05 * random.next() }),
    blamed: 'confidence',
  },
};

const same = (features: Row): Played => ({ before: inputs(features), after: inputs(features) });
const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(16 * random.next()).toString(16)).join('');
const HEALTHY: Readonly<Record<string, Played>> = {
  'a count of few': same((random) => ({ n: Math.floor(-2 * Math.log(1 - random.next())) })),
  'a price with a long tail': same((random) => ({ price: Math.exp(3 + 1.5 * normal(random)) })),
  'a random id in hexadecimal': same((random) => ({ id: `${hex(random, 8)}-${hex(random, 4)}-${hex(random, 12)}` })),
  'an address of the network': same((random) => ({
    ip: Array.from({ length: 4 }, () => Math.floor(256 * random.next())).join('.'),
  })),
  'a link with a session in it': same((random) => ({ url: `https://example.org/cart?session=${hex(random, 16)}` })),
  'places on the globe': same((random) => ({ lat: 180 * random.next() - 90, lon: 360 * random.next() - 180 })),
  'a category of one in a hundred': same((random) => ({ c: random.next() < 0.01 ? 'rare' : 'usual' })),
  'a value that is missing three times in ten': same((random) => ({ x: random.next() < 0.3 ? null : normal(random) })),
  'post codes as text': same((random) => ({ zip: String(10_000 + Math.floor(300 * random.next())).padStart(6, '0') })),
  'numbers of two sizes': same((random) => ({ x: random.next() < 0.5 ? normal(random) : 1e6 + normal(random) })),
  'zeros nearly always': same((random) => ({ x: random.next() < 0.95 ? 0 : 100 * random.next() })),
  'flags as 0 and 1': same((random) => ({ f: random.next() < 0.4 ? 1 : 0 })),
};

/** A model's rows, sent as a log and judged in their own time, on a service that may be ended without notice. */
class Watched {
  nowMs = START_MS;
  private readonly store = new MemoryStore();
  private fleet = this.begun();

  private begun(): ReplayFleet {
    return fleetOn(this.store, AT_ONCE, { clock: { now: () => this.nowMs, sleep: AT_ONCE } });
  }

  async start(): Promise<this> {
    await this.fleet.add(modelNamed('a'));
    return this;
  }

  async stored(): Promise<void> {
    await this.fleet.inModel(A, () => undefined);
  }

  async killed(): Promise<void> {
    this.fleet = this.begun();
    await this.start();
  }

  async send(row: Row, part: string, rows: number): Promise<void> {
    const random = seededRandom(part);
    const fromMs = this.nowMs;
    const lines = Array.from({ length: rows }, (_, i) =>
      JSON.stringify({
        prediction: random.next() < 0.5 ? 'yes' : 'no',
        confidence: 0.8 + 0.1 * random.next(),
        timestamp: fromMs + STEP_MS * i,
        ...row(random, i),
      }),
    );
    this.nowMs = fromMs + STEP_MS * rows;
    const batch = parseBatch(lines.join('\n'), 'application/x-ndjson', this.nowMs);
    expect(batch.rejected).toBe(0);
    await this.fleet.ingest(A, answers([], batch));
  }

  async judged(): Promise<void> {
    this.nowMs += 15_000;
    await this.fleet.catchUp(A);
  }

  get found(): readonly string[] {
    expect(this.fleet.status(A).baseline).not.toBeNull();
    return this.fleet.status(A).findings.map(({ subject }) => subject);
  }
}

const PLAYED = [...Object.entries(UNSEEN), ...Object.entries(HEALTHY)];
describe.each([
  ['C and D', false],
  ['H', true],
] as const)('%s', (_, isKilled) => {
  it.each(PLAYED)('%s', async (name, { before, after, blamed }) => {
    const watched = await new Watched().start();
    await watched.send(before, `${name} before`, BEFORE);
    await watched.judged();
    if (isKilled) {
      // What was learnt is admitted, and stored: rows that wait at the end are in no baseline.
      await watched.send(before, `${name} then`, BEFORE / 10);
      await watched.judged();
      await watched.stored();
      await watched.killed();
    }
    await watched.send(after, `${name} after`, AFTER);
    // With rows that wait, which are in the counts and give no evidence then.
    if (isKilled) await watched.killed();
    await watched.judged();
    if (blamed === undefined) expect(watched.found).toEqual([]);
    else expect(watched.found).toContain(blamed);
  });
});
