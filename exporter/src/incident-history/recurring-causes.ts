import { counted } from '../domain/quantity-text.js';
import { medianSorted } from 'simple-statistics';
import type { CauseId } from '../domain/cause.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Lesson } from '../domain/lesson.js';
import type { RecurringCause, RecurringHours } from '../domain/recurring-cause.js';
import { betaLower } from '../statistics/special-functions.js';
import { verifiedOutcomes } from './success-estimate.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1 January 1970 was a Thursday. */
const FIRST_SUNDAY_MS = 3 * DAY_MS;
/** Incidents of one cause that are a habit rather than bad luck. */
const LEAST_INCIDENTS = 3;
const LOOK_BACK_MS = 90 * DAY_MS;
const SIGNIFICANCE = 0.01;
/** Cycles looked for, with the width of the hours that count as "the same time". */
const CYCLES = [
  { periodMs: DAY_MS, widthMs: 3 * HOUR_MS },
  { periodMs: WEEK_MS, widthMs: 6 * HOUR_MS },
] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/**
 * Causes that came back to a model at least three times in 90 days, and the hours of the day or week they keep to, if any.
 * Hours are named only where incidents at random times would crowd as much with a chance of at most 1 %.
 */
export function recurringCauses(lessons: readonly Lesson[], nowMs: number): readonly RecurringCause[] {
  const groups = new Map<string, Lesson[]>();
  for (const lesson of lessons) {
    if (lesson.cause === 'none' || nowMs - lesson.openedAtMs > LOOK_BACK_MS) continue;
    const key = `${lesson.modelId} ${lesson.cause}`;
    groups.set(key, [...(groups.get(key) ?? []), lesson]);
  }
  return [...groups.values()]
    .filter((group) => group.length >= LEAST_INCIDENTS)
    .map((group) => patternOf(group.toSorted((a, b) => a.openedAtMs - b.openedAtMs)))
    .sort((a, b) => b.incidents - a.incidents);
}

function patternOf(group: readonly Lesson[]): RecurringCause {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('a pattern needs incidents');
  const beginnings = group.map(({ openedAtMs }) => openedAtMs);
  const gaps = beginnings.slice(1).map((atMs, i) => atMs - (beginnings[i] ?? atMs));
  const hours = recurringHours(beginnings);
  const features = Object.keys(first.fingerprint)
    .filter((fact) => fact.startsWith('feature:') && group.every(({ fingerprint }) => fact in fingerprint))
    .map((fact) => fact.slice('feature:'.length));
  const everyMs = medianSorted(gaps.toSorted((a, b) => a - b));
  const found = { incidents: group.length, firstAtMs: first.openedAtMs, lastAtMs: last.openedAtMs, everyMs, hours };
  const about = { model: first.modelId, cause: first.cause, features };
  return { ...about, ...found, recommendation: lastingRemedy(about, found, group) };
}

/**
 * The hours the beginnings crowd in: among windows of 3 hours of the day and of 6 hours of the week that start at a
 * beginning, the one least likely by chance. Given the first, each other falls into its window with the window's share of
 * the cycle, so a window's chance is a binomial tail; Bonferroni over all of them.
 */
function recurringHours(beginnings: readonly number[]): RecurringHours | null {
  const tried = CYCLES.length * beginnings.length;
  let best: RecurringHours | null = null;
  for (const { periodMs, widthMs } of CYCLES) {
    for (const startMs of beginnings) {
      const inside = beginnings.filter((atMs) => phase(atMs - startMs, periodMs) < widthMs);
      const pValue = tried * binomialTail(inside.length - 1, beginnings.length - 1, widthMs / periodMs);
      if (pValue > SIGNIFICANCE || pValue >= (best?.pValue ?? Infinity)) continue;
      const endMs = startMs + Math.max(...inside.map((atMs) => phase(atMs - startMs, periodMs)));
      best = {
        weekday: periodMs === WEEK_MS ? Math.floor(phase(startMs - FIRST_SUNDAY_MS, WEEK_MS) / DAY_MS) : null,
        fromHour: Math.floor(phase(startMs, DAY_MS) / HOUR_MS),
        toHour: (Math.floor(phase(endMs, DAY_MS) / HOUR_MS) + 1) % 24,
        incidents: inside.length,
        pValue,
      };
    }
  }
  return best;
}

/** P(at least `least` of `n` fall in), each with probability `p`. */
function binomialTail(least: number, n: number, p: number): number {
  return least <= 0 ? 1 : betaLower(p, least, n - least + 1);
}

const phase = (ms: number, periodMs: number): number => ((ms % periodMs) + periodMs) % periodMs;

function lastingRemedy(
  { cause, features }: { readonly model: ModelId; readonly cause: CauseId; readonly features: readonly string[] },
  { incidents, everyMs, hours }: Pick<RecurringCause, 'incidents' | 'everyMs' | 'hours'>,
  group: readonly Lesson[],
): RecurringCause['recommendation'] {
  const what = `${cause.replaceAll('-', ' ')}${features.length === 0 ? '' : ` of ${features.slice(0, 3).join(', ')}`}`;
  const when = hours === null ? `about every ${daysText(everyMs)}` : hoursText(hours, incidents);
  const remedies = [...new Set(group.flatMap(({ actions }) => actions.map(({ action }) => action)))]
    .map((action) => {
      const outcomes = verifiedOutcomes(cause, action, group);
      return { action, tried: outcomes.length, helped: outcomes.filter(({ helped }) => helped).length };
    })
    .filter(({ helped }) => helped > 0)
    .sort((a, b) => b.helped / b.tried - a.helped / a.tried || b.helped - a.helped);
  const [best] = remedies;
  return {
    action: 'investigate',
    title: `Find out why ${what} keeps coming back`,
    why: [
      `${incidents} incidents, ${when}.`,
      best === undefined
        ? 'No action was shown to help.'
        : `“${best.action.replaceAll('-', ' ')}” helped ${best.helped} of ${counted(best.tried, 'time')}, but not for good.`,
      hours === null ? 'Its source is still there.' : 'Look for what runs at those hours.',
    ].join(' '),
  };
}

const daysText = (ms: number): string => {
  const days = ms / DAY_MS;
  return days >= 1.5 ? counted(Math.round(days), 'day') : counted(Math.max(1, Math.round(ms / HOUR_MS)), 'hour');
};

function hoursText({ weekday, fromHour, toHour, incidents }: RecurringHours, of: number): string {
  const two = (hour: number): string => String(hour).padStart(2, '0');
  const day = weekday === null ? '' : ` on ${WEEKDAYS[weekday] ?? ''}s`;
  return `${incidents === of ? 'all' : `${incidents} of them`}${day} between ${two(fromHour)}:00 and ${two(toHour)}:00 UTC`;
}
