import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../exporter/src/domain/observation.js';
import { diagnose } from '../../../exporter/src/rca/diagnose.js';
import { sameHour } from '../../../exporter/src/rca/differential/same-hour.js';
import { lostSegment } from '../../../exporter/src/rca/differential/lost-segment.js';
import type { SignalKey } from '../../../exporter/src/domain/profile.js';
import { foldRareCategories } from '../../../exporter/src/statistics/rare-categories.js';
import { mergeWindows } from '../../../exporter/src/statistics/window-profile.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';
import { normal, observation, profileOf } from '../detection/rows.js';
import { BASELINE_ROWS, evaluated, failed, golden, rowsOf } from './evaluated-case.js';

const withFeature = (row: Observation, name: string, value: number | string | boolean | null): Observation => ({
  ...row,
  features: { ...row.features, [name]: value },
});
const changed = (change: (row: Observation, i: number) => Observation, count = 200): Observation[] =>
  rowsOf('now', count).map(change);

/** Half of the calls time out, and all requests come from one group. */
const outageInOneGroup = changed((row, i) => {
  const narrow = withFeature(row, 'c1', 'a');
  return i % 2 === 0 ? narrow : { ...failed('timeout'), features: narrow.features };
});

describe('calls that fail while the traffic changes too', () => {
  const { diagnosis, proposals } = evaluated({ rows: outageInOneGroup });

  it('are explained by how the model is served, and not by who asks', () => {
    expect(diagnosis.findings.map(({ detector }) => detector)).toEqual(
      expect.arrayContaining(['error-rate', 'categorical-drift']),
    );
    expect(['overloaded-endpoint', 'endpoint-errors', 'unknown']).toContain(diagnosis.causes[0]?.id);
    expect(diagnosis.causes.map(({ id }) => id)).not.toContain('segment-outage');
    expect(diagnosis.causes.map(({ id }) => id)).not.toContain('traffic-mix-change');
  });

  it('come first in the advice, and what they do not explain is told', () => {
    expect(proposals[0]?.title).toMatch(/Scale out|Restart|server/);
    expect(diagnosis.unexplained).toMatch(/^It does not explain that “c1” moved/);
  });
});

describe('a group that stopped coming', () => {
  const without = (gone: readonly string[]) =>
    profileOf(
      rowsOf('now', 400).filter(({ features }) => !gone.includes(String(features?.['c1']))),
      profileOf(BASELINE_ROWS),
    );

  it('is lost where the others kept their proportions, and not where only one is left', () => {
    expect(lostSegment(profileOf(BASELINE_ROWS), without(['b']))?.predicate).toBe('c1 = b');
    expect(lostSegment(profileOf(BASELINE_ROWS), without(['b', 'c', 'd']))).toBeNull();
  });
});

describe('a feature behind whose change a transformation was found', () => {
  it('has not drifted besides', () => {
    const { diagnosis } = evaluated({
      rows: changed((row) => withFeature(row, 'n1', 100 * Number(row.features?.['n1']))),
    });
    expect(diagnosis.causes[0]?.title).toBe('Unit or scale change in “n1”');
    expect(diagnosis.causes.filter(({ id }) => id === 'input-drift')).toEqual([]);
  });
});

describe('a change of type', () => {
  it.each([
    [
      'n1',
      (value: unknown) => `about ${String(value)}`,
      'Type of “n1” changed from a number to text',
      /arrives as text/,
    ],
    [
      'n1',
      (value: unknown) => Number(value) > 50,
      'Type of “n1” changed from a number to true or false',
      /arrives as true or/,
    ],
    [
      'c1',
      (value: unknown) => (value === 'a' ? 1 : 0),
      'Type of “c1” changed from text to another type',
      /no longer arrives as text/,
    ],
  ] as const)('of %s is the cause, and says to what', (feature, change, title, sentence) => {
    const rows = changed((row) => withFeature(row, feature, change(row.features?.[feature])));
    const [cause] = evaluated({ rows }).diagnosis.causes;
    expect(cause?.title).toBe(title);
    expect(cause?.supporting[0]?.text).toMatch(sentence);
  });

  it('is told of the few values there are, and not claimed without a reason', () => {
    const rows = changed((row) => withFeature(row, 'n1', 'about 5'), 12);
    const blamed = evaluated({ rows, withBaselineRows: false }).diagnosis.causes.filter(
      ({ id }) => id === 'null-flood',
    );
    for (const { supporting } of blamed) expect(supporting[0]?.text).toMatch(/another type/);
  });

  it('of true and false to 0 and 1 is told as one', () => {
    const flag = (rows: readonly Observation[], of: (i: number) => boolean | number) =>
      rows.map((row, i) => withFeature(row, 'vip', of(i)));
    const baselineRows = flag(BASELINE_ROWS, (i) => i % 3 === 0);
    const rows = flag(rowsOf('now'), (i) => (i % 3 === 0 ? 1 : 0));
    const [cause] = evaluated({ rows, baselineRows }).diagnosis.causes;
    expect(cause?.title).toBe('Type of “vip” changed from true or false to a number');
  });
});

describe('without a baseline', () => {
  it('no input is said to have moved or stayed, and no value to have gone missing', () => {
    const rows = changed((row, i) => ({ ...withFeature(row, 'n1', i % 2 === 0 ? null : 5), confidence: 0.2 }));
    const { symptoms, diagnosis } = evaluated({ rows, withBaseline: false, now: golden('yes', 0.2) });
    expect(symptoms.features).toEqual([]);
    const said = JSON.stringify(diagnosis.causes);
    expect(said).not.toMatch(/feature moved|Missing values|input-drift|null-flood/);
  });
});

describe('confidence that falls inside the window', () => {
  it('is no model that was always unsure', () => {
    const rows = changed((row, i) => ({ ...row, confidence: 0.7 - 0.003 * i }));
    const { diagnosis } = evaluated({ rows, withBaseline: false, now: golden('yes', 0.4) });
    expect(diagnosis.findings.map(({ detector }) => detector)).toEqual(
      expect.arrayContaining(['low-confidence', 'confidence-trend']),
    );
    expect(diagnosis.causes[0]?.id).toBe('calibration-decay');
    expect(JSON.stringify(diagnosis)).not.toContain('when it began cannot be said');
  });
});

describe('labels', () => {
  it('that are late are no cause beside something that was found', () => {
    const rows = changed((row) => withFeature(row, 'n1', 100 * Number(row.features?.['n1'])));
    const { symptoms } = evaluated({ rows });
    const late = { ...symptoms, differential: { ...symptoms.differential, labelledBefore: 0.9, labelledNow: 0.1 } };
    expect(diagnose(late).causes.map(({ id }) => id)).not.toContain('label-delay');
    expect(diagnose({ ...late, findings: [] }).causes.map(({ id }) => id)).toContain('label-delay');
  });
});

/** Quiet rows, then failures from a moment on. */
const failingFrom = (quiet: number, failing: number, fails: (i: number) => boolean, reason: 'timeout' | 'http_5xx') =>
  rowsOf('now', quiet + failing).map((row, i): Observation => {
    const atMs = 1_800_000_000_000 + 1_000 * i;
    if (i < quiet || !fails(i - quiet)) return { ...row, atMs };
    return { ...failed(reason, reason === 'timeout' ? null : 500), atMs, features: row.features };
  });
const START_MS = 1_800_000_000_000;

describe('an outage that has just begun', () => {
  const rows = failingFrom(180, 20, () => true, 'http_5xx');
  const { diagnosis, explanation, symptoms } = evaluated({ rows, consecutiveFailures: 20 });
  const told = [explanation.headline, explanation.summary, ...explanation.paragraphs].join(' ');

  it('is told by the calls since it began, not by a window that is mostly of before', () => {
    expect(symptoms.service.failures).toMatchObject({ count: 20, of: 20 });
    expect(diagnosis.causes[0]?.id).toBe('endpoint-errors');
    expect(diagnosis.severity).toBe('critical');
    expect(diagnosis.impact).toMatchObject({ harm: 'no-answer', share: 1 });
    expect(explanation.summary).toMatch(/^About 100 % of .*calls get no prediction/);
    expect(told).not.toMatch(/\b10(\.0)? %/);
  });

  it('began once: every sentence tells the same time', () => {
    expect(diagnosis.sinceMs).toBe(START_MS + 180_000);
    const times = new Set([...told.matchAll(/(?:since|began at about) (\S+ \S+ UTC)/g)].map(([, time]) => time));
    expect([...times]).toEqual(['2027-01-15 08:03 UTC']);
  });
});

describe('bursts', () => {
  it.each(['timeout', 'http_5xx'] as const)(
    'are not what a beginning is: independent %s from a moment on',
    (reason) => {
      for (let seed = 0; seed < 20; seed += 1) {
        const random = seededRandom(`independent ${seed}`);
        const rows = failingFrom(140, 60, () => random.next() < 0.3, reason);
        const { symptoms, diagnosis, explanation } = evaluated({ rows });
        expect(symptoms.service.failuresInBursts).toBe(false);
        expect(JSON.stringify([diagnosis, explanation])).not.toMatch(/(?<!not )in bursts/);
        expect(symptoms.service.failures.of).toBeLessThanOrEqual(60);
      }
    },
  );

  it('are failures and answers in turns since failures began', () => {
    const rows = failingFrom(100, 100, (i) => i % 20 < 8, 'timeout');
    expect(evaluated({ rows }).symptoms.service.failuresInBursts).toBe(true);
  });

  it('are not told of where too few rows are in memory to see them', () => {
    const failing = changed((row, i) => (i % 5 === 0 ? failed('http_5xx', 500) : row));
    expect(evaluated({ rows: failing }).symptoms.service.failuresInBursts).toBe(false);
    const { symptoms, diagnosis } = evaluated({ rows: failing, rowsInMemory: failing.slice(-9) });
    expect(symptoms.service.failuresInBursts).toBeNull();
    expect(JSON.stringify(diagnosis)).not.toMatch(/in bursts/);
  });
});

describe('usual at these hours', () => {
  const HOUR_MS = 3_600_000;
  const random = seededRandom('hours');
  /** One row a minute; `level` says how the feature is at that minute. */
  const minutes = (fromHour: number, count: number, level: (minute: number) => number): Observation[] =>
    Array.from({ length: count }, (_, i) =>
      observation({ atMs: fromHour * HOUR_MS + i * 60_000, features: { x: level(i) + normal(random) } }),
    );
  const firstDay = minutes(8, 120, () => 0);

  it('says nothing within the first hours, when there is no other day', () => {
    expect(
      sameHour(
        ['x'],
        minutes(9, 120, () => 2),
        firstDay,
      ),
    ).toBeNull();
  });

  it('does not come to explain a fault that shrinks while its fix takes effect', () => {
    const days = [0, 1, 2].flatMap((day) => minutes(24 * day, 1_440, () => 0));
    for (const left of [1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0]) {
      const window = minutes(3 * 24 + 9, 200, (i) => (i < 200 * left ? 2 : 0));
      expect(sameHour(['x'], window, days)?.explained ?? 0).toBeLessThan(0.4);
    }
  });

  it('explains what the same hours of other days were like', () => {
    const daily = (minute: number): number => (Math.floor(minute / 60) % 24 === 9 ? 3 : 0);
    const days = [0, 1, 2, 3].flatMap((day) => minutes(24 * day, 1_440, daily));
    expect(
      sameHour(
        ['x'],
        minutes(4 * 24 + 9, 60, () => 3),
        days,
      )?.explained,
    ).toBeGreaterThan(0.75);
  });
});

describe('a renamed category after a restart', () => {
  /** As they come back from the store: short windows, each without the names that are rare in it. */
  const stored = (rows: readonly Observation[], rowsOfAWindow: number) => {
    const like = profileOf(BASELINE_ROWS);
    const named = new Map<SignalKey, ReadonlySet<string>>();
    for (const [key, counts] of like.signals)
      if (counts.kind === 'categorical') named.set(key, new Set(counts.categories.keys()));
    const windows = Array.from({ length: Math.ceil(rows.length / rowsOfAWindow) }, (_, i) =>
      foldRareCategories(profileOf(rows.slice(i * rowsOfAWindow, (i + 1) * rowsOfAWindow), like), named, like.groups),
    );
    return windows.reduce((sum, window) => mergeWindows(sum, window));
  };
  const causesOf = (name: (c1: string, i: number) => string) => {
    const rows = changed((row, i) => withFeature(row, 'c1', name(String(row.features?.['c1']), i)), 300);
    return evaluated({ window: stored(rows, 30), rowsInMemory: [], withBaselineRows: false }).diagnosis.causes;
  };

  it('is one although its new name was too rare in each stored window to be kept, and no group that is gone', () => {
    const causes = causesOf((c1) => (c1 === 'b' ? 'beta' : c1));
    expect(causes[0]).toMatchObject({ id: 'category-rename', features: ['c1'] });
    expect(causes[0]?.supporting[0]?.text).toContain('“b” → a name that is not kept');
    expect(causes.map(({ id }) => id)).not.toContain('segment-outage');
  });

  it('is none where many new names take from all others', () => {
    const causes = causesOf((c1, i) => (i % 3 === 0 ? `id-${i % 50}` : c1));
    expect(causes[0]).toMatchObject({ id: 'new-categories', features: ['c1'] });
  });
});

describe('one prediction', () => {
  const said = (answer: (i: number) => string): string => {
    const { diagnosis, explanation } = evaluated({
      rows: changed((row, i) => ({ ...row, prediction: answer(i) })),
      now: golden('no', 0.9),
    });
    expect(diagnosis.causes[0]?.id).toBe('prediction-collapse');
    return JSON.stringify([diagnosis, explanation]);
  };

  it('is for every input only where it is', () => {
    expect(said(() => 'no')).toContain('one prediction for every input');
    const nearly = said((i) => (i === 7 ? 'yes' : 'no'));
    expect(nearly).toContain('one prediction for nearly every input');
    expect(nearly).not.toMatch(/(?<!nearly )every input/);
  });
});
