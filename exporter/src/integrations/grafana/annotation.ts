import type { IncidentId } from '../../domain/identifiers.js';
import type { GrafanaAnnotation, DomainEvent } from '../../domain/ports.js';
import type { RecommendationState } from '../../domain/recommendation.js';

/** States that are a person's word, and states that are what became of it. The others are steps on the way. */
const DECISIONS: Partial<Record<RecommendationState, string>> = {
  approved: 'Approved',
  rejected: 'Rejected',
  revoked: 'Approval revoked',
};
const ACTIONS: Partial<Record<RecommendationState, string>> = {
  succeeded: 'Carried out',
  failed: 'Could not be carried out',
  unknown: 'Sent, outcome unknown',
  recovered: 'Helped: the model recovered',
  not_recovered: 'Did not help',
  inconclusive: 'Helped or not, that cannot be told',
};

const INVESTIGATOR = '/a/mlfi-investigator-app/incidents/';
const MAX_TEXT = 500;

/** Grafana shows annotations as HTML; headlines and titles hold names that come from models and features. */
const plain = (text: string): string =>
  (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text).replaceAll(
    /[<>&"']/g,
    (character) => `&#${character.charCodeAt(0)};`,
  );

const withLink = (text: string, incident: IncidentId, rootPath: string): string =>
  `${plain(text)}\n<a href="${rootPath}${INVESTIGATOR}${encodeURIComponent(incident)}">Open the incident</a>`;

export interface AnnotationContext {
  readonly nowMs: number;
  /** Path under which Grafana is served, without a slash at its end; empty at the root. */
  readonly rootPath: string;
  /** Names of those whose votes decided, for a decision. */
  readonly decidedBy: readonly string[];
}

/**
 * The annotation that tells of `event` on dashboards, or null for events nobody wants to see there. An incident that closed
 * covers the whole time it was open.
 */
export function annotationOf(event: DomainEvent, context: AnnotationContext): GrafanaAnnotation | null {
  const { nowMs, rootPath, decidedBy } = context;
  if (event.kind === 'incident-opened' || event.kind === 'incident-closed') {
    const { incident } = event;
    const closed = event.kind === 'incident-closed';
    return {
      timeMs: incident.openedAtMs,
      timeEndMs: closed ? (incident.closedAtMs ?? nowMs) : null,
      text: withLink(
        closed ? `Recovered, incident closed: ${incident.explanation.headline}` : incident.explanation.headline,
        incident.id,
        rootPath,
      ),
      tags: ['mlfi', 'incident', closed ? 'closed' : 'opened', `model_name:${incident.modelId}`, incident.severity],
    };
  }
  if (event.kind !== 'recommendation-updated') return null;
  const { recommendation } = event;
  const decision = DECISIONS[recommendation.state];
  const action = ACTIONS[recommendation.state];
  const said = decision ?? action;
  if (said === undefined) return null;
  const by = decision !== undefined && decidedBy.length > 0 ? ` by ${decidedBy.join(', ')}` : '';
  return {
    timeMs: nowMs,
    timeEndMs: null,
    text: withLink(`${said}${by}: ${recommendation.title}`, recommendation.incidentId, rootPath),
    tags: [
      'mlfi',
      decision === undefined ? 'action' : 'decision',
      recommendation.state,
      `model_name:${recommendation.modelId}`,
    ],
  };
}
