/** UTC to the second, e.g. `2026-11-24 14:05:07 UTC`; a dash for times that are none. */
export const timeText = (atMs: number): string => told(atMs, 19);

/** UTC to the minute, e.g. `2026-11-24 14:05 UTC`, for times that are estimates; a dash for times that are none. */
export const minuteText = (atMs: number): string => told(atMs, 16);

/** The time of day, UTC to the second, e.g. `14:05:07 UTC`. */
export const clockText = (atMs: number): string => timeText(atMs).slice(-'14:05:07 UTC'.length);

function told(atMs: number, characters: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime()) || atMs === 0) return '–';
  return `${date.toISOString().slice(0, characters).replace('T', ' ')} UTC`;
}

/** A length of time in whole units, e.g. `45 s`, `12 min`, `3 h 20 min`, `4 d 3 h`. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
