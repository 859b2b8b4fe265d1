import { compareSeverity, type Severity } from '../domain/severity.js';

/** How severe an open incident counts as, and what the latest looks say against it. */
export interface SeverityHysteresis {
  readonly severity: Severity;
  /** Looks in a row that judged it worse, with the mildest of their verdicts; null when the last one did not. */
  readonly worse: { readonly looks: number; readonly atLeast: Severity } | null;
  /** Looks in a row that judged it milder, with the worst of their verdicts; null when the last one did not. */
  readonly milder: { readonly looks: number; readonly atMost: Severity } | null;
}

/** How many looks in a row must judge it worse before it rises, milder before it falls. */
export interface SeverityHysteresisSettings {
  readonly rise: number;
  readonly fall: number;
}

export const startSeverity = (severity: Severity): SeverityHysteresis => ({ severity, worse: null, milder: null });

const milderOf = (a: Severity, b: Severity): Severity => (compareSeverity(a, b) <= 0 ? a : b);
const worseOf = (a: Severity, b: Severity): Severity => (compareSeverity(a, b) >= 0 ? a : b);

/**
 * The severity of an open incident after one more look. It rises soon and falls late, so that a window that fills or a share
 * near a line does not make it flap: up to the mildest verdict of `rise` looks in a row that are all worse, down to the worst
 * verdict of `fall` looks in a row that are all milder. A look that finds nothing at all is no verdict: recovery
 * closes the incident instead.
 * @param judged severity of this look, not `none`
 */
export function followSeverity(
  tracking: SeverityHysteresis,
  judged: Severity,
  hysteresis: SeverityHysteresisSettings,
): SeverityHysteresis {
  const difference = compareSeverity(judged, tracking.severity);
  if (difference === 0) return startSeverity(tracking.severity);
  if (difference > 0) {
    const looks = (tracking.worse?.looks ?? 0) + 1;
    const atLeast = milderOf(judged, tracking.worse?.atLeast ?? judged);
    return looks >= hysteresis.rise
      ? startSeverity(atLeast)
      : { severity: tracking.severity, worse: { looks, atLeast }, milder: null };
  }
  const looks = (tracking.milder?.looks ?? 0) + 1;
  const atMost = worseOf(judged, tracking.milder?.atMost ?? judged);
  return looks >= hysteresis.fall
    ? startSeverity(atMost)
    : { severity: tracking.severity, worse: null, milder: { looks, atMost } };
}
