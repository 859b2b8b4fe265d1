/** UTC to the second, e.g. `2026-11-24 14:05:07 UTC`; a dash for times that are none. */
export function timeText(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) || atMs === 0 ? '–' : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
