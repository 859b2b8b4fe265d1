const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const DURATION = /^(?:\d{1,12}(?:ms|[smhdw]))+$/;
const PART = /(\d+)(ms|[smhdw])/g;

/**
 * Reads a duration in the notation of Prometheus' configuration file (`30s`, `1h30m`, `7d`; a day has 24 h, a week 7 d).
 * @returns milliseconds, or null when the text is not a duration
 */
export function parseDuration(text: string): number | null {
  if (!DURATION.test(text)) return null;
  let totalMs = 0;
  for (const [, count = '', unit = ''] of text.matchAll(PART)) totalMs += Number(count) * (UNIT_MS[unit] ?? 0);
  return totalMs;
}

/** Writes milliseconds as the shortest duration `parseDuration` reads back, e.g. 5,400,000 → `1h30m`; whole numbers ≥ 0 only. */
export function formatDuration(durationMs: number): string {
  let rest = Math.round(durationMs);
  if (rest === 0) return '0s';
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / unitMs);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return text;
}
