import { waitTexts } from '../../../../exporter/src/detection/sequential/signal-evidence.js';
import { minuteText } from '../../../../exporter/src/domain/time-text.js';
import { describe, expect, test } from 'vitest';
import { DriftMonitor } from '../../../../exporter/src/detection/sequential/drift-monitor.js';
import type { DriftMonitorState } from '../../../../exporter/src/detection/sequential/drift-monitor-state.js';
import type { Features, Observation, Prediction } from '../../../../exporter/src/domain/observation.js';
import { DEFAULT_FALSE_PAGE_BUDGET, type FalsePageBudget } from '../../../../exporter/src/domain/alert-evidence.js';
import { seededRandom } from '../../../../exporter/src/system/seeded-random.js';

const BUDGET: FalsePageBudget = { ...DEFAULT_FALSE_PAGE_BUDGET, season: 'none' };
const STEP_MS = 3_600;
const LEAST = 200;

interface Told {
  readonly features?: Features | null;
  readonly prediction?: Prediction;
  readonly confidence?: number | null;
  readonly failed?: boolean;
}
const observation = (atMs: number, told: Told): Observation => ({
  atMs,
  source: 'ingest',
  predictionId: null,
  goldenId: null,
  features: told.features ?? null,
  prediction: told.prediction === undefined ? 'a' : told.prediction,
  confidence: told.confidence ?? null,
  latencySeconds: null,
  failure: told.failed === true ? { reason: 'timeout', detail: '', httpStatus: null, retryAfterMs: null } : null,
  label: null,
  modelVersion: null,
});

/** A monitor fed at 1,000 samples an hour, looked at every 20 samples, armed as the service arms it. */
class Fed {
  readonly monitor: DriftMonitor;
  samples = 0;
  constructor(
    private readonly tell: (i: number, random: () => number) => Told,
    budget = BUDGET,
    private readonly seed = 1,
    state?: DriftMonitorState,
    private readonly leastSamples = LEAST,
  ) {
    this.monitor = new DriftMonitor('m', budget, (text) => `#${text.length}${text.slice(-3)}`, state);
  }
  run(samples: number): this {
    for (let i = 0; i < samples; i += 1) {
      const random = seededRandom(`${this.seed}:${this.samples}`);
      this.monitor.observe(
        observation(
          1e12 + this.samples * STEP_MS,
          this.tell(this.samples, () => random.next()),
        ),
      );
      this.samples += 1;
      if (this.samples % 20 === 0) this.monitor.settle(1e12 + this.samples * STEP_MS, this.leastSamples);
      if (!this.monitor.isWatching && this.samples === 2 * this.leastSamples) this.monitor.startWatching();
    }
    return this;
  }
  get changed(): string[] {
    return this.monitor
      .evidence()
      .signals.filter(({ watch }) => watch === 'changed')
      .map(({ subject, statistic }) => `${subject} ${statistic}`);
  }
}

const healthy = (_: number, random: () => number): Told => ({
  features: { age: 20 + 50 * random(), city: random() < 0.7 ? 'Rome' : 'Oslo' },
  prediction: random() < 0.4 ? 'yes' : 'no',
  confidence: 0.7 + 0.3 * random(),
  failed: random() < 0.01,
});
const FROM = 3_000;
const after =
  (change: (told: Told, random: () => number) => Told) =>
  (i: number, random: () => number): Told =>
    i < FROM ? healthy(i, random) : change(healthy(i, random), random);

describe('a watched model', () => {
  test('is quiet while nothing changes, and says how much of the budget is left', () => {
    const { monitor } = new Fed(healthy).run(20_000);
    const evidence = monitor.evidence();
    expect(evidence.verdict).toBe('quiet');
    expect(evidence.budgetLeft).toBeGreaterThan(0.9);
    expect(evidence.confirmed).toEqual([]);
    expect(evidence.signals.map(({ subject }) => subject).sort()).toEqual([
      'confidence',
      'errors',
      'feature:age',
      'feature:city',
      'prediction',
      'schema',
    ]);
    expect(evidence.signals.reduce((sum, { weight }) => sum + weight, 0)).toBeLessThanOrEqual(1);
  });

  test('is quiet while as many answers lack a confidence or a prediction as ever', () => {
    const { monitor } = new Fed((i, random) => ({
      ...healthy(i, random),
      ...(random() < 0.1 ? { confidence: null } : {}),
      ...(random() < 0.03 ? { prediction: null } : {}),
    })).run(20_000);
    expect(monitor.evidence().verdict).toBe('quiet');
    expect(monitor.evidence().budgetLeft).toBeGreaterThan(0.9);
  });

  const faults: readonly {
    readonly name: string;
    readonly told: Parameters<typeof after>[0];
    readonly expected: RegExp;
  }[] = [
    {
      name: 'a feature in another unit',
      told: (told) => ({ ...told, features: { ...told.features, age: 12 * Number(told.features?.age) } }),
      expected: /^feature:age (level|jump)$/,
    },
    {
      name: 'missing values',
      told: (told, random) => (random() < 0.3 ? { ...told, features: { ...told.features, age: null } } : told),
      expected: /^feature:age missing$/,
    },
    {
      name: 'answers without the confidence they had',
      told: (told) => ({ ...told, confidence: null }),
      expected: /^confidence missing$/,
    },
    {
      name: 'answers without the prediction they had',
      told: (told, random) => (random() < 0.3 ? { ...told, prediction: null } : told),
      expected: /^prediction missing$/,
    },
    {
      name: 'a number that became text',
      told: (told) => ({ ...told, features: { ...told.features, age: 'old' } }),
      expected: /^feature:age invalid$/,
    },
    {
      name: 'NaN',
      told: (told) => ({ ...told, features: { ...told.features, age: NaN } }),
      expected: /^feature:age invalid$/,
    },
    {
      name: 'categories never seen before',
      told: (told, random) => (random() < 0.3 ? { ...told, features: { ...told.features, city: 'Lima' } } : told),
      expected: /^feature:city (unseen|mix)$/,
    },
    {
      name: 'another mix of categories',
      told: (told, random) => ({ ...told, features: { ...told.features, city: random() < 0.4 ? 'Rome' : 'Oslo' } }),
      expected: /^feature:city mix$/,
    },
    {
      name: 'confidence that fell',
      told: (told) => ({ ...told, confidence: (told.confidence ?? 0) - 0.1 }),
      expected: /^confidence (level|risk)$/,
    },
    {
      name: 'failing calls',
      told: (told, random) => ({ ...told, failed: random() < 0.15 }),
      expected: /^errors risk$/,
    },
    {
      name: 'another mix of answers',
      told: (told, random) => ({ ...told, prediction: random() < 0.7 ? 'yes' : 'no' }),
      expected: /^prediction mix$/,
    },
  ];
  for (const { name, told, expected } of faults) {
    test(`pages for ${name}, names it alone, and dates it`, () => {
      const fed = new Fed(after(told)).run(FROM + 1_500);
      const evidence = fed.monitor.evidence();
      expect(evidence.verdict).toBe('alarm');
      expect(fed.changed).toHaveLength(1);
      expect(fed.changed[0]).toMatch(expected);
      const changedAt = ((evidence.changeAtMs ?? 0) - 1e12) / STEP_MS;
      expect(changedAt).toBeGreaterThan(FROM - 200);
      expect(changedAt).toBeLessThan(FROM + 300);
    });
  }

  test('sees the end of a change, and starts from nothing with the old reference', () => {
    const fed = new Fed((i, random) => {
      const told = healthy(i, random);
      return i >= FROM && i < FROM + 2_000 ? { ...told, confidence: (told.confidence ?? 0) - 0.2 } : told;
    });
    fed.run(FROM + 2_000);
    expect(fed.monitor.evidence()).toMatchObject({ verdict: 'alarm', recovered: false });
    fed.run(2_000);
    expect(fed.monitor.evidence()).toMatchObject({ verdict: 'alarm', recovered: true });
    fed.monitor.resume();
    expect(fed.run(2_000).monitor.evidence().verdict).toBe('quiet');
  });

  test('sees the end of a change of mix where there are fewer categories than are told apart', () => {
    const fed = new Fed((i, random) => {
      const told = healthy(i, random);
      const share = i >= FROM && i < FROM + 2_000 ? 0.8 : 0.5;
      return { ...told, prediction: random() < share ? 'yes' : 'no' };
    });
    fed.run(FROM + 2_000);
    expect(fed.monitor.evidence()).toMatchObject({ verdict: 'alarm', confirmed: ['prediction'], recovered: false });
    fed.run(3_000);
    expect(fed.monitor.evidence()).toMatchObject({ verdict: 'alarm', recovered: true });
    fed.monitor.resume();
    expect(fed.run(2_000).monitor.evidence().verdict).toBe('quiet');
  });

  test('refuses to call a change inside the learning period normal', () => {
    const fed = new Fed(
      (i, random) => ({ confidence: (i < 400 ? 0.9 : 0.8) + 0.1 * random() }),
      BUDGET,
      1,
      undefined,
      600,
    );
    fed.run(700);
    expect(fed.monitor.readiness().unsteady).toEqual(['confidence']);
    fed.monitor.relearn(['confidence']);
    expect(fed.monitor.readiness().unsteady).toEqual([]);
  });

  test('says until when a signal of few categories is provisional, and is not provisional after that', () => {
    const everyMs = 300_000;
    const monitor = new DriftMonitor('m', { ...BUDGET, season: 'auto' }, (text) => text);
    const random = seededRandom('few categories');
    const watches: string[][] = [[], []];
    for (let i = 0; i < 72 * 12; i += 1) {
      const atMs = 1e12 + i * everyMs;
      monitor.observe(
        observation(
          atMs,
          healthy(i, () => random.next()),
        ),
      );
      monitor.settle(atMs, LEAST);
      if (i === 2 * LEAST) monitor.startWatching();
      const { signals, provisionalUntilMs } = monitor.evidence();
      const provisional = signals.filter(({ watch }) => watch === 'provisional');
      if (provisional.length > 0) expect(provisionalUntilMs).toBeGreaterThan(atMs);
      if (i > 2 * LEAST)
        watches[atMs < 1e12 + 54 * 3_600_000 ? 0 : 1]?.push(...provisional.map(({ subject }) => subject));
    }
    expect(new Set(watches[0])).toContain('feature:city');
    expect(watches[1]).toEqual([]);
  });

  test('does not page for a shift while a daily pattern cannot be ruled out, but does for failures', () => {
    const auto = { ...BUDGET, season: 'auto' as const };
    const shifted = after((told) => ({ ...told, features: { ...told.features, age: 200 } }));
    const evidence = new Fed(shifted, auto).run(FROM + 1_500).monitor.evidence();
    expect(evidence.verdict).not.toBe('alarm');
    // The first score of the stream is 1 s before the second; two days later a pattern can be told.
    const until = evidence.provisionalUntilMs ?? 0;
    expect(Math.round((until - 1e12) / 3_600_000)).toBe(48);
    const age = evidence.signals.find(({ subject }) => subject === 'feature:age');
    expect(age).toMatchObject({ watch: 'provisional' });
    expect(age?.note).toContain(`shifts alert nobody before ${minuteText(until)}`);
    expect(new Fed(shifted).run(FROM + 100).monitor.evidence().provisionalUntilMs).toBeNull();
    const failing = after((told, random) => ({ ...told, failed: random() < 0.3 }));
    expect(new Fed(failing, auto).run(FROM + 1_500).monitor.evidence().verdict).toBe('alarm');
  });

  test('pages for wrong answers by their labels before a daily pattern can be told', () => {
    const monitor = new DriftMonitor('m', { ...BUDGET, season: 'auto' }, String);
    const random = seededRandom('labels');
    let alarmAt = -1;
    for (let i = 0; i < 3_000; i += 1) {
      const atMs = 1e12 + i * STEP_MS;
      monitor.loss('accuracy', random.next() < (i < 1_500 ? 0.1 : 0.4) ? 1 : 0, atMs);
      if (i % 20 === 0) monitor.settle(atMs, LEAST);
      if (!monitor.isWatching && i === 2 * LEAST) monitor.startWatching();
      if (alarmAt < 0 && monitor.evidence().verdict === 'alarm') alarmAt = i;
    }
    // Three hours of labels in all, of which the second half is bad.
    expect(alarmAt).toBeGreaterThan(1_500);
  });
});

describe('strange data is classified, never a crash', () => {
  const cases: readonly { readonly name: string; readonly told: (i: number, random: () => number) => Told }[] = [
    { name: 'a column of nothing but nulls', told: () => ({ features: { a: null, b: 1 } }) },
    { name: 'a constant', told: () => ({ features: { a: 7 }, confidence: 1 }) },
    { name: 'infinities', told: (i) => ({ features: { a: i % 2 === 0 ? Infinity : -Infinity } }) },
    { name: 'a number and a text by turns', told: (i) => ({ features: { a: i % 2 === 0 ? i : String(i) } }) },
    { name: 'a new category every row', told: (i) => ({ features: { id: `user-${i}` } }) },
    { name: 'a feature in one row of fifty', told: (i, r) => ({ features: i % 50 === 0 ? { a: r() } : {} }) },
    { name: 'numbers of every size', told: (_, r) => ({ features: { a: 10 ** (600 * (r() - 0.5)) } }) },
    { name: 'nothing but failures', told: () => ({ failed: true }) },
  ];
  for (const { name, told } of cases) {
    test(name, () => {
      const fed = new Fed(told).run(6_000);
      const evidence = fed.monitor.evidence();
      expect(evidence.verdict).toBe('quiet');
      expect(Number.isFinite(evidence.logEvidence)).toBe(true);
      expect(JSON.stringify(fed.monitor.snapshot()).length).toBeLessThan(400_000);
    });
  }

  test('a million categories need no more memory than a thousand', () => {
    const size = (rows: number): number => {
      const fed = new Fed((i) => ({ features: { id: `user-${i}` } })).run(rows);
      return JSON.stringify(fed.monitor.snapshot()).length;
    };
    expect(size(60_000)).toBeLessThan(1.2 * size(3_000));
  });

  test('a clock that steps back and forth', () => {
    const monitor = new DriftMonitor('m', BUDGET, String);
    const random = seededRandom(9);
    for (let i = 0; i < 5_000; i += 1) {
      const atMs = 1e12 + i * STEP_MS + (i % 700 === 0 ? -3_600_000 : 0);
      monitor.observe(observation(atMs, { confidence: random.next(), features: { a: random.next() } }));
      if (i % 50 === 0) monitor.settle(atMs, LEAST);
      if (i === 400) monitor.startWatching();
    }
    expect(monitor.evidence().verdict).toBe('quiet');
  });

  test('one sample an hour is watched, slowly', () => {
    const monitor = new DriftMonitor('m', BUDGET, String);
    const random = seededRandom(9);
    const feed = (from: number, to: number, shift: number): void => {
      for (let i = from; i < to; i += 1) {
        const atMs = 1e12 + i * 3_600_000;
        monitor.observe(observation(atMs, { confidence: 0.5 + 0.3 * random.next() - shift }));
        monitor.settle(atMs, LEAST);
        if (i === 300) monitor.startWatching();
      }
    };
    feed(0, 1_500, 0);
    // With one block in hours the daily warning line is crossed by chance; the paging line is not.
    expect(monitor.evidence().verdict).not.toBe('alarm');
    feed(1_500, 1_620, 0.3);
    expect(monitor.evidence().verdict).toBe('alarm');
  });
});

describe('what the features sent say of themselves', () => {
  const story = (broken: (told: Told, random: () => number) => Told): string[] =>
    new Fed(after(broken)).run(FROM + 2_000).changed;
  const plus = (told: Told, more: Features): Told => ({ ...told, features: { ...told.features, ...more } });

  test('a feature that is no longer sent is missing', () => {
    expect(story((told) => ({ ...told, features: { city: told.features?.city ?? null } }))).toEqual([
      'feature:age missing',
    ]);
  });
  test('a feature nobody knew breaks the schema', () => {
    expect(story((told) => plus(told, { height: 3 }))).toEqual(['schema risk']);
  });
  test('a column that was always null comes alive', () => {
    const told = (i: number, random: () => number): Told =>
      plus(healthy(i, random), { note: i < FROM ? null : 'a note' });
    expect(new Fed(told).run(FROM).changed).toEqual([]);
    expect(new Fed(told).run(FROM + 1_000).changed).toEqual(['schema risk']);
  });
  test('an answer of another type', () => {
    expect(story((told) => ({ ...told, prediction: 7 }))).toEqual(['prediction invalid']);
  });
  test('the kind of a feature is that of most of its first values', () => {
    const told = (i: number, random: () => number): Told => ({
      features: { size: i === 0 ? 'N/A' : random() + (i < FROM ? 0 : 0.7) },
    });
    expect(new Fed(told).run(FROM + 1_000).changed).toEqual(['feature:size level']);
  });
});

test('a second change during an incident is named, and is not normal when the first is over', () => {
  const told = (i: number, random: () => number): Told => ({
    features: {
      a: random() + (i >= FROM && i < FROM + 4_000 ? 1 : 0),
      b: random() + (i >= FROM + 1_000 ? 0.5 : 0),
    },
  });
  const fed = new Fed(told).run(FROM + 3_000);
  expect(fed.changed.sort()).toEqual(['feature:a level', 'feature:b level']);
  fed.run(3_000);
  expect(fed.monitor.hasRecovered).toBe(false);
  fed.monitor.resume();
  fed.run(500);
  expect(fed.changed).toEqual(['feature:b level']);
});

test('a wrong timestamp changes neither the pace of the evidence nor the season', () => {
  for (const wrongMs of [-30 * 86_400_000, 0, 300_000]) {
    for (const wrongAt of [0, 120]) {
      const monitor = new DriftMonitor('m', { ...BUDGET, season: 'auto' }, String);
      const random = seededRandom(4);
      for (let i = 0; i < 3_000; i += 1) {
        const atMs = 1e12 + i * 1_000 + (i === wrongAt ? wrongMs : 0);
        monitor.observe(observation(atMs, { confidence: random.next(), features: { a: random.next() } }));
        if (i % 50 === 0) monitor.settle(1e12 + i * 1_000, LEAST);
        if (i === 400) monitor.startWatching();
      }
      const { verdict, signals } = monitor.evidence();
      expect(verdict).toBe('quiet');
      expect(signals.find(({ subject }) => subject === 'feature:a')?.watch).toBe('provisional');
    }
  }
});

test('rows that share one timestamp a minute are paced by the minutes', () => {
  const monitor = new DriftMonitor('m', BUDGET, String);
  const random = seededRandom(4);
  let alarmedAt = 0;
  for (let i = 0; i < 6_000 && alarmedAt === 0; i += 1) {
    const atMs = 1e12 + Math.floor(i / 60) * 60_000;
    monitor.observe(observation(atMs, { confidence: random.next() * 0.5 + (i < FROM ? 0.3 : 0) }));
    if (i % 60 === 0) monitor.settle(atMs, LEAST);
    if (i === 400) monitor.startWatching();
    if (monitor.isAlarmed) alarmedAt = i;
  }
  expect(alarmedAt).toBeGreaterThan(FROM);
  expect(alarmedAt).toBeLessThan(FROM + 500);
});

test('a configured season is waited for, whatever else is ready', () => {
  const monitor = new DriftMonitor('m', { ...BUDGET, season: 'weekly' }, String);
  for (let i = 0; i < 2_000; i += 1) monitor.observe(observation(1e12 + i * 60_000, { confidence: (i % 97) / 97 }));
  monitor.settle(1e12 + 2_000 * 60_000, LEAST);
  expect(monitor.readiness().season).toEqual(['336 hours of traffic, to know the configured season']);
});

test('goes on bit by bit the same after a restart while it learns anew, with a season to find', () => {
  const told = (i: number, random: () => number): Told => ({
    ...healthy(i, random),
    confidence: 0.5 + 0.2 * Math.sin((2 * Math.PI * i * 60_000) / 86_400_000) + 0.2 * random(),
  });
  const run = (from: number, to: number, state?: DriftMonitorState): DriftMonitorState => {
    const monitor = new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, String, state);
    for (let i = from; i < to; i += 1) {
      const random = seededRandom(`season ${i}`);
      monitor.observe(
        observation(
          1e12 + i * 60_000,
          told(i, () => random.next()),
        ),
      );
      monitor.miss(random.next(), 1e12 + i * 60_000);
      monitor.rowScore(random.next(), 1e12 + i * 60_000);
      if (i % 20 === 0) monitor.settle(1e12 + i * 60_000, LEAST);
      if (i === 900) monitor.startWatching();
    }
    return JSON.parse(JSON.stringify(monitor.snapshot())) as DriftMonitorState;
  };
  const whole = run(0, 5_000);
  for (const stop of [30, 600, 2_895, 3_000, 4_000]) expect(run(stop, 5_000, run(0, stop))).toEqual(whole);
});

test('goes on bit by bit the same after a restart at any point', () => {
  const story = after((told) => ({ ...told, confidence: (told.confidence ?? 0) - 0.1 }));
  const stops = [1, 49, 50, 51, 130, 199, 200, 333, 401, 1_234, FROM + 20, FROM + 400, FROM + 1_200];
  const whole = new Fed(story).run(FROM + 2_000).monitor.snapshot();
  for (const stop of stops) {
    const first = new Fed(story).run(stop);
    const state = JSON.parse(JSON.stringify(first.monitor.snapshot())) as DriftMonitorState;
    const second = new Fed(story, BUDGET, 1, state);
    second.samples = stop;
    expect(second.run(FROM + 2_000 - stop).monitor.snapshot(), `stopped after ${stop}`).toEqual(whole);
  }
});

test('a snapshot holds no category in clear', () => {
  const monitor = new DriftMonitor('m', BUDGET, (text) => Buffer.from(text).toString('hex'));
  for (let i = 0; i < 500; i += 1) {
    const secret = i === 30 ? 'canary-rare' : 'canary-common';
    monitor.observe(observation(i, { features: { city: secret }, prediction: secret }));
  }
  expect(JSON.stringify(monitor.snapshot())).not.toContain('canary');
});

test('signals that wait for the same are told in one sentence', () => {
  const wait = 'more samples, to see how alike successive ones are';
  const subjects = ['latency_seconds', 'confidence', 'feature:age', 'feature:income', 'prediction'] as const;
  expect(waitTexts(subjects.map((subject) => ({ subject, wait })))).toEqual([
    `latency, confidence, “age” and 2 more signals: ${wait}`,
  ]);
  expect(waitTexts([{ subject: 'errors', wait: 'something else' }])).toHaveLength(1);
});

describe.each(['accuracy', 'error_size'] as const)('%s of labels that come all at once', (subject) => {
  /** 2,000 labels of a day, the first there ever were, with nothing looked at in between. */
  const labelled = (rightSince: (i: number) => number): DriftMonitor => {
    const fed = new Fed(healthy).run(2_000);
    const random = seededRandom(`labels ${subject}`);
    for (let i = 0; i < 2_000; i += 1) {
      const isRight = random.next() < rightSince(i);
      if (subject === 'accuracy') fed.monitor.loss('accuracy', isRight ? 0 : 1, 1e12 + i * STEP_MS);
      else fed.monitor.miss((isRight ? 1 : 20) * random.next(), 1e12 + i * STEP_MS);
    }
    for (let i = 0; i < 3; i += 1) fed.monitor.settle(1e12 + (2_000 + 20 * i) * STEP_MS, LEAST);
    return fed.monitor;
  };

  test('is learnt from the first of them, and the fall in the last of them alarms', () => {
    const evidence = labelled((i) => (i < 1_700 ? 0.8 : 0.25)).evidence();
    expect(evidence.verdict).toBe('alarm');
    expect(evidence.confirmed).toContain(subject);
  });

  test('is quiet where they say the same from first to last', () => {
    expect(labelled(() => 0.8).evidence().verdict).toBe('quiet');
  });
});
