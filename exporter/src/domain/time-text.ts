/** UTC to the second, e.g. `2026-11-24 14:05:07 UTC`; a dash for times that are none. */
export const timeText = (atMs: number): string => told(atMs, 19);

/** UTC to the minute, e.g. `2026-11-24 14:05 UTC`, for times that are estimates; a dash for times that are none. */
export const minuteText = (atMs: number): string => told(atMs, 16);

function told(atMs: number, characters: number): string {
  const date = new Date(atMs);
  if (Number.isNaN(date.getTime()) || atMs === 0) return '–';
  return `${date.toISOString().slice(0, characters).replace('T', ' ')} UTC`;
}
