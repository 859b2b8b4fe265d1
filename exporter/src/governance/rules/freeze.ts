import type { Freeze } from '../../domain/decision-policy.js';

const MINUTES_A_DAY = 1_440;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The first freeze that covers the moment, or null. Weekly ones follow the wall clock of their time zone. */
export function freezeAt(freezes: readonly Freeze[], nowMs: number): Freeze | null {
  return freezes.find((freeze) => covers(freeze, nowMs)) ?? null;
}

function covers(freeze: Freeze, nowMs: number): boolean {
  if (freeze.kind === 'once') return freeze.fromMs <= nowMs && nowMs < freeze.untilMs;
  const { day, minute } = wallClock(nowMs, freeze.timeZone);
  const yesterday = (day + 6) % 7;
  const overnight = freeze.untilMinute <= freeze.fromMinute;
  const end = overnight ? MINUTES_A_DAY : freeze.untilMinute;
  if (freeze.days.includes(day) && minute >= freeze.fromMinute && minute < end) return true;
  return overnight && freeze.days.includes(yesterday) && minute < freeze.untilMinute;
}

function wallClock(nowMs: number, timeZone: string): { readonly day: number; readonly minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(nowMs);
  const part = (type: string): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return { day: WEEKDAYS.indexOf(part('weekday')), minute: Number(part('hour')) * 60 + Number(part('minute')) };
}
