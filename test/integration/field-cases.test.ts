import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, type RunningService } from './running-service.js';

/**
 * Logs as others send them, played through HTTP by what must come of them. Numbers are those of the collected field cases;
 * cases without one are of the same kind. Kinds: A rows lost before they are counted · B values read as something else ·
 * C a change not seen · D a false page.
 */
let running: RunningService;
beforeAll(async () => {
  running = await runService();
});
afterAll(() => running.close());

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
interface Answer {
  readonly status: number;
  readonly body: {
    readonly accepted: number;
    readonly rejected: number;
    readonly errors: readonly { readonly reason: string; readonly message: string }[];
    readonly notes: readonly { readonly reason: string }[];
  };
}
interface Shown {
  readonly state: string;
  readonly headline: string | null;
  readonly incident_id: string | null;
  readonly baseline: {
    readonly state: string;
    readonly missing: readonly string[];
    readonly refused: readonly string[];
  };
  readonly findings: readonly { readonly subject: string; readonly detector: string }[];
  readonly blind_spots: readonly { readonly check: string; readonly reason: string }[];
  readonly features: readonly {
    readonly name: string;
    readonly kind: string;
    readonly missing: number;
    readonly absent: number;
    readonly wrong_type: number;
  }[];
}

async function send(model: string, text: string, type = 'application/x-ndjson'): Promise<Answer> {
  const response = await fetch(`${running.service.address}/api/v1/models/${model}/observations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.key}`, 'content-type': type },
    body: text,
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}
/** A first prediction makes the model. */
async function make(model: string): Promise<void> {
  const { status } = await running.request('POST', '/monitoring/prediction', { model_id: model, prediction: 'a' });
  expect(status).toBe(200);
}
const shown = async (model: string): Promise<Shown> =>
  (await running.request('GET', `/api/v1/models/${model}`)).body as Shown;

const row = (more: string): string => `{"prediction":"a"${more === '' ? '' : `,${more}`}}`;
const json = 'application/json';

interface Sent {
  readonly name: string;
  readonly body: string;
  readonly type?: string;
  readonly accepted: number;
  readonly rejected?: number;
  /** In the message of the first refusal. */
  readonly says?: RegExp;
  readonly note?: string;
}

const LOST: readonly Sent[] = [
  { name: '01 Python’s NaN in one feature', body: row('"features":{"x":NaN}'), accepted: 1, note: 'not_a_number' },
  {
    name: '01 one NaN in an array',
    body: `[${row('"features":{"x":NaN}')},${row('')}]`,
    type: json,
    accepted: 2,
    note: 'not_a_number',
  },
  {
    name: '02 an answer that is NaN',
    body: '{"prediction":NaN,"features":{"x":1}}',
    accepted: 1,
    note: 'not_a_number',
  },
  { name: '34 a byte order mark before lines', body: `\uFEFF${row('')}\n${row('')}`, accepted: 2 },
  { name: '34 a byte order mark before an array', body: `\uFEFF[${row('')}]`, type: json, accepted: 1 },
  { name: 'Infinity and -Infinity', body: row('"features":{"x":Infinity,"y":-Infinity}'), accepted: 1 },
  {
    name: 'a line that is cut off',
    body: `${row('')}\n{"prediction":"a","fea\n${row('')}`,
    accepted: 2,
    rejected: 1,
    says: /not JSON/,
  },
  {
    name: 'an array with a bad element',
    body: `[${row('')},{"prediction":},${row('')}]`,
    type: json,
    accepted: 2,
    rejected: 1,
    says: /not JSON/,
  },
  { name: 'Windows line ends', body: `${row('')}\r\n${row('')}\r\n`, accepted: 2 },
  { name: 'a confidence a float computed as 1.0000001', body: row('"confidence":1.0000001'), accepted: 1 },
  {
    name: 'a confidence in percent among good ones',
    body: `${row('"confidence":87')}\n${row('"confidence":0.87')}`,
    accepted: 1,
    rejected: 1,
    says: /percentage/,
  },
  { name: 'one object over many lines', body: '{\n  "prediction": "a"\n}', type: json, accepted: 1 },
  { name: 'lines called JSON', body: `${row('')}\n${row('')}`, type: json, accepted: 2 },
  { name: 'an array called NDJSON', body: `[${row('')},${row('')}]`, accepted: 2 },
  { name: 'a table with decimal semicolons', body: 'prediction;x\na;1\nb;2', type: 'text/csv', accepted: 2 },
  {
    name: 'a row nested too deep among good ones',
    body: `${row(`"features":{"x":${'['.repeat(50)}${']'.repeat(50)}}`)}\n${row('')}`,
    accepted: 1,
    rejected: 1,
    says: /nested deeper/,
  },
  { name: 'Python’s repr', body: `{'prediction': 'a'}\n${row('')}`, accepted: 1, rejected: 1, says: /json.dumps/ },
];

const MISREAD: readonly Sent[] = [
  {
    name: '15 a date as a number',
    body: '{"timestamp":20261127,"prediction":"a"}',
    accepted: 0,
    rejected: 1,
    says: /YYYYMMDD/,
  },
  { name: '15 microseconds', body: `{"timestamp":${Date.now() * 1e3 - 1e9},"prediction":"a"}`, accepted: 1 },
  { name: '15 nanoseconds', body: `{"timestamp":${Date.now() - 1e6}000000,"prediction":"a"}`, accepted: 1 },
  {
    name: 'an id beyond 2^53 keeps its digits',
    body: '{"prediction_id":9007199254740993,"prediction":"a"}',
    accepted: 1,
  },
  {
    name: 'an id in exponents has lost digits',
    body: '{"prediction_id":9.007199254740993e19,"prediction":"a"}',
    accepted: 0,
    rejected: 1,
    says: /digits/,
  },
  {
    name: 'an id with a fraction',
    body: '{"prediction_id":1.5,"prediction":"a"}',
    accepted: 0,
    rejected: 1,
    says: /fraction/,
  },
  { name: 'milliseconds as text', body: `{"timestamp":"${Date.now() - 1_000}","prediction":"a"}`, accepted: 1 },
  {
    name: 'a time without a zone is UTC',
    body: `{"timestamp":"${new Date(Date.now() - 6e4).toISOString().slice(0, 19).replace('T', ' ')}","prediction":"a"}`,
    accepted: 1,
  },
  {
    name: 'a date that does not exist',
    body: '{"timestamp":"2026-02-30","prediction":"a"}',
    accepted: 0,
    rejected: 1,
    says: /timestamp/,
  },
  {
    name: 'a time in a zone ahead, without the zone',
    body: `{"timestamp":"${new Date(Date.now() + 7.2e6).toISOString().slice(0, 19)}","prediction":"a"}`,
    accepted: 0,
    rejected: 1,
    says: /UTC/,
  },
  { name: 'a latency below zero', body: row('"latency_ms":-1'), accepted: 0, rejected: 1, says: /at least 0/ },
  {
    name: 'a field that stands twice',
    body: '{"prediction":"a","prediction":"b"}',
    accepted: 1,
    note: 'duplicate_name',
  },
  {
    name: 'a misspelt field',
    body: '{"prediction":"a","fetures":{"x":1}}',
    accepted: 0,
    rejected: 1,
    says: /unknown field/,
  },
];

describe.each([
  ['A rows lost before they are counted', 'lost', LOST],
  ['B values read as something else', 'misread', MISREAD],
] as const)('%s', (_, model, cases) => {
  beforeAll(() => make(model));

  it.each(cases)('$name', async ({ body, type, accepted, rejected = 0, says, note }) => {
    const answer = await send(model, body, type);
    expect(answer.body).toMatchObject({ accepted, rejected });
    expect(answer.status).toBe(accepted === 0 ? 400 : 200);
    if (says !== undefined) expect(answer.body.errors[0]?.message).toMatch(says);
    if (note !== undefined) expect(answer.body.notes.map(({ reason }) => reason)).toContain(note);
  });
});

it('A a model most of whose rows are refused is not healthy, and says why', async () => {
  await make('refused');
  await send('refused', Array.from({ length: 60 }, () => 'nothing').join('\n'));
  await eventually('the model is not healthy', 30_000, async () => {
    const { findings, incident_id: incident, state } = await shown('refused');
    const isTold = findings.some(({ detector }) => detector === 'refused-rows') && incident !== null;
    return isTold && ['degraded', 'failing'].includes(state) ? true : null;
  });
  const { body } = await running.request('GET', '/metrics');
  expect(body).toMatch(/mlfi_ingest_rejected_total\{model_name="refused",reason="not_json"\} 60/);
});

type Random = ReturnType<typeof seededRandom>;
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
type Inputs = (random: Random, i: number) => Readonly<Record<string, Json>> | string;

interface Played {
  readonly name: string;
  readonly before: Inputs;
  readonly after: Inputs;
  /** The feature that must be blamed; none: nobody is paged. */
  readonly blamed?: string;
  readonly kinds?: Readonly<Record<string, string>>;
  readonly blind?: RegExp;
}

const price =
  (k: number) =>
  (random: Random): string =>
    (k * Math.exp(4 + normal(random))).toFixed(2);
const vector = (random: Random): readonly number[] => Array.from({ length: 768 }, () => normal(random));
const day = (i: number): string => new Date(Date.UTC(2025, 0, 1 + Math.floor(i / 20))).toISOString().slice(0, 10);
function pick<T>(random: Random, first: T, ...others: readonly T[]): T {
  return [first, ...others][Math.floor(random.next() * (1 + others.length))] ?? first;
}

/** JSON, but NaN as Python writes it. */
const NAN = '\u0001NaN';
const python = (value: Json): string => JSON.stringify(value).replaceAll(`"${JSON.stringify(NAN).slice(1)}`, 'NaN');

const UNSEEN: readonly Played[] = [
  {
    name: '01 NaN floods a feature',
    before: (random) => ({ income: 3_000 + 500 * normal(random) }),
    after: (random) => ({ income: random.next() < 0.6 ? NAN : 3_000 + 500 * normal(random) }),
    blamed: 'income',
  },
  {
    name: '04 true and false become 1 and 0',
    before: (random) => ({ vip: random.next() < 0.3 }),
    after: (random) => ({ vip: random.next() < 0.3 ? 1 : 0 }),
    blamed: 'vip',
    kinds: { vip: 'boolean' },
  },
  {
    name: '04 a number becomes text',
    before: (random) => ({ x: 1 + Math.floor(90 * random.next()) }),
    after: (random) => ({ x: String(1 + Math.floor(90 * random.next())) }),
    blamed: 'x',
    kinds: { x: 'number' },
  },
  {
    name: '07 numbers as text, × 100',
    before: (random) => ({ price: price(1)(random) }),
    after: (random) => ({ price: price(100)(random) }),
    blamed: 'price',
    kinds: { price: 'number' },
  },
  {
    name: '08 a scalar behind an embedding, × 100',
    before: (random) => ({ embedding: vector(random), amount: 50 + 10 * normal(random) }),
    after: (random) => ({ embedding: vector(random), amount: 5_000 + 1_000 * normal(random) }),
    blamed: 'amount',
    kinds: { amount: 'number', embedding: 'embedding' },
  },
  {
    name: '08 the embedding itself, × 3',
    before: (random) => ({ embedding: vector(random), amount: 1 }),
    after: (random) => ({ embedding: vector(random).map((x) => 3 * x), amount: 1 }),
    blamed: 'embedding.norm',
  },
  {
    name: '09 a dotted name beside a nested one, × 100',
    before: (random) => `{"a.b":${5 + normal(random)},"a":{"b":${1_000 + normal(random)}}}`,
    after: (random) => `{"a.b":${500 + normal(random)},"a":{"b":${1_000 + normal(random)}}}`,
    blamed: 'a\\.b',
  },
  {
    name: '09 a feature called __proto__, × 100',
    before: (random) => `{"__proto__":${5 + normal(random)},"x":1}`,
    after: (random) => `{"__proto__":${500 + normal(random)},"x":1}`,
    blamed: '__proto__',
  },
  {
    name: 'a feature is no longer sent',
    before: (random) => ({ age: 40 + normal(random), x: random.next() }),
    after: (random) => ({ x: random.next() }),
    blamed: 'age',
  },
  {
    name: 'a text becomes ten times as long',
    before: (random) => ({ note: 'please call me back '.repeat(2 + Math.floor(3 * random.next())) }),
    after: (random) => ({ note: 'please call me back '.repeat(20 + Math.floor(30 * random.next())) }),
    blamed: 'note.length',
    kinds: { note: 'text' },
  },
  {
    name: 'short messages turn to another language',
    before: (random, i) => ({ message: `${pick(random, 'where is', 'please send', 'cancel')} order ${i}` }),
    after: (random, i) => ({ message: `${pick(random, 'где мой', 'пришлите', 'отмена')} заказ ${i}` }),
    blamed: 'message.script',
    kinds: { message: 'text' },
  },
  {
    name: 'row ids stop coming',
    before: (random, i) => ({ order: `ord-${i}-x`, x: random.next() }),
    after: (random) => ({ order: null, x: random.next() }),
    blamed: 'order',
    kinds: { order: 'identifier' },
  },
];

const HEALTHY: readonly Played[] = [
  {
    name: '05 a date, new every day',
    before: (_, i) => ({ day: day(i) }),
    after: (_, i) => ({ day: day(400 + i) }),
    kinds: { day: 'date' },
    blind: /drift of `day`.*dates/,
  },
  {
    name: 'a row number',
    before: (_, i) => ({ row: 7_000 + i }),
    after: (_, i) => ({ row: 7_400 + i }),
    kinds: { row: 'identifier' },
    blind: /drift of `row`/,
  },
  {
    name: 'an e-mail address',
    before: (_, i) => ({ mail: `p${i}@example.org` }),
    after: (_, i) => ({ mail: `p${400 + i}@example.org` }),
    kinds: { mail: 'identifier' },
  },
  {
    name: 'a time as text',
    before: (_, i) => ({ seen: new Date(1.7e12 + 1e6 * i).toISOString() }),
    after: (_, i) => ({ seen: new Date(1.7e12 + 1e6 * (400 + i)).toISOString() }),
    kinds: { seen: 'date' },
  },
  {
    name: 'a counter as text',
    before: (_, i) => ({ n: String(900 + i) }),
    after: (_, i) => ({ n: String(1_300 + i) }),
    kinds: { n: 'identifier' },
  },
  { name: 'a constant', before: () => ({ c: 100 }), after: () => ({ c: 100 }), kinds: { c: 'number' } },
  { name: 'a constant text', before: () => ({ c: 'EUR' }), after: () => ({ c: 'EUR' }), kinds: { c: 'category' } },
  {
    name: 'messages, no two alike',
    before: (random, i) => ({
      m: `${pick(random, 'ok', 'hello there', 'please call me back when you can')} ${i}`,
    }),
    after: (random, i) => ({
      m: `${pick(random, 'ok', 'hello there', 'please call me back when you can')} ${400 + i}`,
    }),
    kinds: { m: 'text' },
  },
  {
    name: 'spellings of yes and no',
    before: (random) => ({ b: pick<Json>(random, true, 'True', 'yes', 0, 'no', false) }),
    after: (random) => ({ b: pick<Json>(random, 1, 'TRUE', 'Yes', '0', 'No', false) }),
    kinds: { b: 'boolean' },
  },
  {
    name: 'numbers, now and then as text',
    before: (random) => ({ x: random.next() < 0.5 ? random.next() : random.next().toFixed(6) }),
    after: (random) => ({ x: random.next() < 0.5 ? random.next() : random.next().toFixed(6) }),
    kinds: { x: 'number' },
  },
  {
    name: 'an embedding',
    before: (random) => ({ e: vector(random) }),
    after: (random) => ({ e: vector(random) }),
    kinds: { e: 'embedding' },
  },
  {
    name: 'a feature that is often absent',
    before: (random) => (random.next() < 0.5 ? { x: 1 } : { x: 1, y: random.next() }),
    after: (random) => (random.next() < 0.5 ? { x: 1 } : { x: 1, y: random.next() }),
  },
];

const PLAYED = [
  ...UNSEEN.map((played, i) => ({ ...played, model: `unseen-${i}` })),
  ...HEALTHY.map((played, i) => ({ ...played, model: `healthy-${i}` })),
];
const BEFORE = 400;
const AFTER = 300;
const STEP_MS = 3_000;

function linesOf(
  { model }: { readonly model: string },
  inputs: Inputs,
  part: string,
  count: number,
  fromMs: number,
): string {
  const random = seededRandom(`${model} ${part}`);
  return Array.from({ length: count }, (_, i) => {
    const amount = 50 + 10 * normal(random);
    const given = inputs(random, i);
    const features = typeof given === 'string' ? given : python(given);
    const confidence = Math.min(0.99, 0.6 + Math.abs(amount - 50) / 40).toFixed(3);
    return `{"timestamp":${fromMs + i * STEP_MS},"features":${features},"prediction":"${amount > 50 ? 'yes' : 'no'}","confidence":${confidence}}`;
  }).join('\n');
}

describe('C a change not seen, D a false page', () => {
  const settled = new Map<string, Shown>();

  beforeAll(async () => {
    const startMs = Date.now() - (BEFORE + AFTER) * STEP_MS;
    await Promise.all(PLAYED.map(({ model }) => make(model)));
    for (const played of PLAYED)
      expect((await send(played.model, linesOf(played, played.before, 'before', BEFORE, startMs))).body.rejected).toBe(
        0,
      );
    for (const { model, name } of PLAYED)
      await eventually(`the baseline of ${name}`, 60_000, async () => {
        const { baseline } = await shown(model);
        return baseline.state === 'ready' ? baseline : null;
      });
    for (const played of PLAYED)
      expect(
        (await send(played.model, linesOf(played, played.after, 'after', AFTER, startMs + BEFORE * STEP_MS))).body
          .rejected,
      ).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    for (const { model } of PLAYED) settled.set(model, await shown(model));
  }, 180_000);

  it.each(PLAYED.filter(({ blamed }) => blamed !== undefined))(
    '$name: blames $blamed',
    async ({ model, blamed, kinds }) => {
      const seen = await eventually('the finding', 20_000, async () => {
        const now = await shown(model);
        return now.findings.some(({ subject }) => subject === `feature:${String(blamed)}`) ? now : null;
      });
      for (const [name, kind] of Object.entries(kinds ?? {}))
        expect(seen.features.find((feature) => feature.name === name)?.kind).toBe(kind);
    },
  );

  it.each(PLAYED.filter(({ blamed }) => blamed === undefined))('$name: pages nobody', ({ model, kinds, blind }) => {
    const seen = settled.get(model);
    expect(seen).toMatchObject({ state: 'healthy', incident_id: null });
    for (const [name, kind] of Object.entries(kinds ?? {}))
      expect(seen?.features.find((feature) => feature.name === name)?.kind).toBe(kind);
    if (blind !== undefined)
      expect(seen?.blind_spots.map(({ check, reason }) => `${check}: ${reason}`).join('\n')).toMatch(blind);
  });
});
