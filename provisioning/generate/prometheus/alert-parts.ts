import { PAGING_SEVERITIES } from '../../../exporter/src/domain/paging.js';
import { metric, type Span, type Timing } from './rule.js';

/** A symptom is muted while an incident of the model is open, or the model does not answer at all: one cause, one page. */
export type Role = 'blind' | 'unreachable' | 'incident' | 'symptom' | 'decision' | 'note';

export interface AlertDefinition {
  readonly alert: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly role: Role;
  readonly expr: string;
  readonly for: Span;
  readonly keepFiringFor?: Span;
  /** One static sentence that ends in a period. */
  readonly summary: string;
  /** The facts, templated. */
  readonly description: string;
  /** About one model (has `model_name`), or about mlfi itself. */
  readonly scope: 'model' | 'service';
  /** Told apart from others of the same name. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Levels of incidents that call people. */
export const PAGING = PAGING_SEVERITIES.join('|');

export const PER_CENT = '{{ $value | humanizePercentage }}';
export const AGO = '{{ $value | humanizeDuration }}';

/** A failed scrape neither clears nor hides an alert: the last minutes are looked at, not the last sample. */
export const high = (series: string, timing: Timing): string =>
  `max without (instance) (max_over_time(${series}[${timing.span('5m')}]))`;
export const low = (series: string, timing: Timing): string =>
  `max without (instance) (min_over_time(${series}[${timing.span('5m')}]))`;
/** The newest value; where no mlfi is heard at all, that of the last minutes. A series that mlfi left out is gone at once: the model was removed. */
export const held = (series: string, timing: Timing, without: string): string =>
  `(max without (${without}) (${series}) or max without (${without}) (last_over_time(${series}[${timing.span('5m')}])) unless on () ${metric('mlfi_models')})`;

/**
 * The series with the label `story`: which story each model is told in. One a model, also where two are remembered of it: several would
 * be an error, and no alert. Without the label for a model whose story is not known: what pages never waits for a name.
 */
export function inStory(expr: string, timing: Timing): string {
  const told = held(metric('mlfi_incident_story_info'), timing, 'instance, shared, address');
  const known = `max by (model_name) (last_over_time(${metric('mlfi_incidents_open')}[${timing.span('5m')}])) >= bool 0`;
  return `(${expr}) * on (model_name) group_left (story) topk by (model_name) (1, ${told} or on (model_name) ${known})`;
}

/** Newest of the last minutes. */
export const last = (series: string, timing: Timing): string =>
  `max without (instance) (last_over_time(${series}[${timing.span('5m')}]))`;

/** What the investigator holds most likely, and what it recommends first; looked up when the notification is written. */
export const CAUSE =
  '{{ with printf "topk(1, max by (cause) (mlfi_rca_cause_probability_ratio{model_name=\'%s\'}))" $labels.model_name | query }}{{ . | first | label "cause" }} ({{ . | first | value | humanizePercentage }}){{ else }}not known yet{{ end }}';
export const ACTION =
  '{{ with printf "max by (action, state) (mlfi_recommendation_info{model_name=\'%s\'})" $labels.model_name | query }}{{ . | first | label "action" }} ({{ . | first | label "state" }}){{ else }}none proposed yet{{ end }}';
