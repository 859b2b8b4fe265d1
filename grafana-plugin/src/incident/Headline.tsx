import React from 'react';
import { t } from '@grafana/i18n';
import { Badge, Stack } from '@grafana/ui';
import type { Incident } from '../api/types';
import { clockTime, duration, moment, SEVERITY_COLOURS, SEVERITY_TEXTS } from '../components/format';
import { plain, shortened } from '../components/Words';

const LONGEST = 90;
const LONGEST_MODEL = 30;

type Told = Pick<Incident, 'model_id' | 'severity' | 'opened_at_ms' | 'closed_at_ms' | 'diagnosis' | 'explanation'>;

/** What broke, in a few words and without the name of the model. */
export function whatBroke({ model_id, diagnosis: { causes }, explanation: { headline } }: Told): string {
  const [cause] = causes;
  const isNamed = cause !== undefined && cause.id !== 'unknown' && cause.id !== 'none';
  const text = plain(isNamed ? cause.title : headline);
  return (text.startsWith(`${model_id}: `) ? text.slice(model_id.length + 2) : text).replace(/\.$/, '');
}

/** Since when, or how long it lasted. */
function whenText({ opened_at_ms, closed_at_ms }: Told, sinceMs: number, nowMs = Date.now()): string {
  return closed_at_ms === null
    ? t('headline.since', 'since {{time}} ({{span}})', {
        time: clockTime(sinceMs, nowMs),
        span: duration(nowMs - sinceMs),
        interpolation: { escapeValue: false },
      })
    : t('headline.lasted', 'over; lasted {{span}}', { span: duration(closed_at_ms - opened_at_ms) });
}

/** The model, what broke and since when, in at most 90 characters. */
export function headlineOf(incident: Told, sinceMs: number, nowMs = Date.now()): { model: string; text: string } {
  const model = shortened(incident.model_id, LONGEST_MODEL);
  const when = whenText(incident, sinceMs, nowMs);
  const room = LONGEST - model.length - when.length - ': , '.length;
  return { model, text: `${shortened(whatBroke(incident), room)}, ${when}` };
}

/** One line: severity, model, what broke, since when. */
export function Headline({
  incident,
  sinceMs = null,
  size = 'large',
}: {
  incident: Told;
  sinceMs?: number | null;
  size?: 'large' | 'small';
}) {
  const { severity, opened_at_ms, closed_at_ms } = incident;
  const { model, text } = headlineOf(incident, sinceMs ?? opened_at_ms);
  return (
    <Stack gap={1} alignItems="center">
      <Badge text={SEVERITY_TEXTS[severity]()} color={SEVERITY_COLOURS[severity]} />
      {closed_at_ms !== null && <Badge text={t('incident.closed', 'Closed')} color="green" />}
      <span
        data-testid="mlfi-headline"
        title={moment(sinceMs ?? opened_at_ms)}
        style={{ fontSize: size === 'large' ? 18 : 14, lineHeight: 1.3, overflowWrap: 'anywhere' }}
      >
        <strong>{model}</strong>: {text}
      </span>
    </Stack>
  );
}
