import { compareSeverity, type Severity } from '../domain/severity.js';

/** How many evaluations in a row must agree before an incident opens, changes its diagnosis or becomes more severe, becomes milder, or closes. */
export interface HysteresisSettings {
  readonly open: number;
  readonly change: number;
  /** Evaluations that tell the same story before it is firm: a cause that another one may turn out to be behind takes longest. */
  readonly firm: { readonly ofCalls: number; readonly specific: number; readonly general: number };
  /** As `change`, away from a story that is firm. */
  readonly changeFirm: number;
  /** As `change`, while what the story blames is on its way back to normal. */
  readonly changeRecovering: number;
  readonly milder: number;
  readonly close: number;
  /** As `close`, where only rows of before keep findings alive: three minutes in which no other came, at one evaluation in five seconds. */
  readonly closeMixed: number;
}
export const DEFAULT_HYSTERESIS: HysteresisSettings = {
  open: 2,
  change: 2,
  firm: { ofCalls: 1, specific: 6, general: 20 },
  changeFirm: 18,
  changeRecovering: 120,
  milder: 30,
  close: 3,
  closeMixed: 36,
};

/** How severe an open incident counts as, and what the latest evaluations say against it. */
export interface SeverityHysteresis {
  readonly severity: Severity;
  /** Evaluations in a row that judged it worse, with the mildest of their verdicts; null when the last one did not. */
  readonly worse: { readonly evaluations: number; readonly atLeast: Severity } | null;
  /** Evaluations in a row that judged it milder, with the worst of their verdicts; null when the last one did not. */
  readonly milder: { readonly evaluations: number; readonly atMost: Severity } | null;
}

export const startSeverity = (severity: Severity): SeverityHysteresis => ({ severity, worse: null, milder: null });

const milderOf = (a: Severity, b: Severity): Severity => (compareSeverity(a, b) <= 0 ? a : b);
const worseOf = (a: Severity, b: Severity): Severity => (compareSeverity(a, b) >= 0 ? a : b);

/**
 * The severity of an open incident after one more evaluation. It rises soon and falls late, so that a window that fills or a
 * share near a threshold does not make it flap: up to the mildest verdict of `change` evaluations in a row that are all worse,
 * down to the worst verdict of `milder` evaluations in a row that are all milder. An evaluation that finds nothing at all is no
 * verdict: recovery closes the incident instead.
 * @param judged severity of this evaluation, not `none`
 */
export function followSeverity(
  tracking: SeverityHysteresis,
  judged: Severity,
  hysteresis: Pick<HysteresisSettings, 'change' | 'milder'>,
): SeverityHysteresis {
  const difference = compareSeverity(judged, tracking.severity);
  if (difference === 0) return startSeverity(tracking.severity);
  if (difference > 0) {
    const evaluations = (tracking.worse?.evaluations ?? 0) + 1;
    const atLeast = milderOf(judged, tracking.worse?.atLeast ?? judged);
    return evaluations >= hysteresis.change
      ? startSeverity(atLeast)
      : { severity: tracking.severity, worse: { evaluations, atLeast }, milder: null };
  }
  const evaluations = (tracking.milder?.evaluations ?? 0) + 1;
  const atMost = worseOf(judged, tracking.milder?.atMost ?? judged);
  return evaluations >= hysteresis.milder
    ? startSeverity(atMost)
    : { severity: tracking.severity, worse: null, milder: { evaluations, atMost } };
}

/** Doublings at most: 2 evaluations become 64. */
const MAX_DOUBLINGS = 5;

/**
 * Evaluations in a row that must name another cause before an incident's diagnosis changes to it. Doubles each time the diagnosis
 * has left that cause before, as routes that flap are damped (RFC 2439): new evidence changes a diagnosis soon, and two causes that
 * explain a window about equally well do not take turns.
 * @param timesLeft how often the incident's diagnosis has changed away from that cause
 * @param atLeast as many in any case: away from a story that is firm, or of something that recovers
 */
export const evaluationsToChange = (
  timesLeft: number,
  { change }: Pick<HysteresisSettings, 'change'>,
  atLeast = 0,
): number => Math.max(atLeast, change * 2 ** Math.min(timesLeft, MAX_DOUBLINGS));
