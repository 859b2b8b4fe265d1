import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ReceivedAlert } from '../../domain/alert.js';
import { isDeeper } from '../../domain/json.js';
import { issueWords, valueAt } from '../../domain/issue-words.js';

const LARGEST_NOTIFICATION = 1_000;
/** Labels and annotations are texts; others are shown as JSON, which is as deep as they are. */
const DEEPEST = 20;
const LABELS_KEPT = 64;
const LABEL_LENGTH = 300;
const TEXT_LENGTH = 500;

/** Lines may break in a text of an alert; nothing else may steer what shows it, and PostgreSQL cannot store NUL. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/u;
const CONTROLS_WORDS = 'must not hold control characters';
const texts = z
  .record(z.string().regex(/^\P{Cc}*$/u, CONTROLS_WORDS), z.unknown())
  .refine(
    (given) => !Object.values(given).some((value) => typeof value === 'string' && CONTROLS.test(value)),
    CONTROLS_WORDS,
  )
  .nullish();

/** What Alertmanager (payload version 4) and Grafana (version 1) have in common; everything else is ignored. */
const notification = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: texts,
      annotations: texts,
      startsAt: z.string(),
      endsAt: z.string().nullish(),
      fingerprint: z
        .string()
        .max(128)
        .regex(/^\P{Cc}*$/u, CONTROLS_WORDS)
        .nullish(),
    }),
  ),
});

export type ParsedNotification =
  | { readonly kind: 'parsed'; readonly alerts: readonly ReceivedAlert[] }
  | { readonly kind: 'refused'; readonly field: string; readonly message: string };

const refused = (field: string, what: string): ParsedNotification => ({
  kind: 'refused',
  field,
  message: `${field}: ${what}`,
});

function capped(value: unknown, length: number): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

function labelsOf(given: Readonly<Record<string, unknown>> | null | undefined): Record<string, string> {
  const entries = Object.entries(given ?? {}).slice(0, LABELS_KEPT);
  return Object.fromEntries(entries.map(([name, value]) => [capped(name, LABEL_LENGTH), capped(value, LABEL_LENGTH)]));
}

/** The identity of a label set, for a sender that gives none. */
function fingerprintOf(labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}

/** What checks a list looks at all of it before it says that it is too long. */
function beyondLimits(body: unknown): string | null {
  const given = typeof body === 'object' && body !== null && 'alerts' in body ? body.alerts : null;
  if (Array.isArray(given) && given.length > LARGEST_NOTIFICATION)
    return `${given.length} alerts; at most ${LARGEST_NOTIFICATION} are taken at once`;
  return isDeeper(given, DEEPEST) ? `nested deeper than ${DEEPEST} levels` : null;
}

/**
 * Reads a webhook body of Alertmanager or Grafana. Texts are capped; unknown fields are ignored, as senders add some.
 * @param nowMs end of a resolved alert that gives none
 */
export function parseNotification(text: string, nowMs: number): ParsedNotification {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: 'refused', field: 'body', message: 'the body is not JSON' };
  }
  const beyond = beyondLimits(body);
  if (beyond !== null) return refused('alerts', beyond);
  const checked = notification.safeParse(body);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const field = issue?.path.join('.') || 'body';
    const what =
      issue === undefined ? 'is no webhook notification' : issueWords(issue, valueAt(body, issue.path) !== undefined);
    return { kind: 'refused', field, message: `${field}: ${what}` };
  }
  const alerts: ReceivedAlert[] = [];
  for (const [index, alert] of checked.data.alerts.entries()) {
    const startsAtMs = Date.parse(alert.startsAt);
    if (Number.isNaN(startsAtMs)) {
      const field = `alerts.${index}.startsAt`;
      return { kind: 'refused', field, message: `${field}: must be a time such as 2026-11-24T12:00:00Z` };
    }
    const labels = labelsOf(alert.labels);
    const endsAtMs = Date.parse(alert.endsAt ?? '');
    const annotations = alert.annotations ?? {};
    alerts.push({
      fingerprint: alert.fingerprint ?? fingerprintOf(labels),
      startsAtMs,
      endsAtMs: alert.status === 'firing' ? null : endsAtMs > startsAtMs ? endsAtMs : nowMs,
      name: labels['alertname'] ?? 'an alert without a name',
      summary: capped(annotations['summary'] ?? annotations['description'] ?? '', TEXT_LENGTH),
      labels,
    });
  }
  return { kind: 'parsed', alerts };
}

/** True for an alert mlfi's own rules raised: taking it in would let mlfi investigate its own messages. */
export const isOwnAlert = ({ labels }: Pick<ReceivedAlert, 'labels'>): boolean => labels['origin'] === 'mlfi';
