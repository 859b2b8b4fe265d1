import { describe, expect, it } from 'vitest';
import { annotationOf } from '../../../../exporter/src/integrations/grafana/annotation.js';
import { incidentId, modelId, recommendationId } from '../../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../../exporter/src/domain/incident.js';
import {
  RECOMMENDATION_STATES,
  type Recommendation,
  type RecommendationState,
} from '../../../../exporter/src/domain/recommendation.js';

const context = { nowMs: 2_000_000, rootPath: '', decidedBy: [] };
const incident = {
  id: incidentId('incident1'),
  modelId: modelId('fraud'),
  openedAtMs: 1_000_000,
  closedAtMs: null,
  severity: 'high',
  explanation: { headline: 'income is <b>100 times</b> larger', paragraphs: [] },
} as unknown as Incident;
const recommendation = (state: RecommendationState): Recommendation =>
  ({
    id: recommendationId('rec1'),
    incidentId: incident.id,
    modelId: incident.modelId,
    title: 'Fix the unit of income',
    state,
  }) as unknown as Recommendation;

describe('an annotation', () => {
  it('marks the opening of an incident, escaped, with a link to it', () => {
    const made = annotationOf({ kind: 'incident-opened', incident }, context);
    expect(made).toMatchObject({
      timeMs: 1_000_000,
      timeEndMs: null,
      tags: ['mlfi', 'incident', 'opened', 'model_name:fraud', 'high'],
    });
    expect(made?.text).toContain('income is &#60;b&#62;100 times&#60;/b&#62; larger');
    expect(made?.text).toContain('<a href="/a/mlfi-investigator-app/incidents/incident1">');
  });

  it('covers the whole time an incident was open when it closes', () => {
    const closed = { ...incident, closedAtMs: 1_600_000 };
    expect(annotationOf({ kind: 'incident-closed', incident: closed }, context)).toMatchObject({
      timeMs: 1_000_000,
      timeEndMs: 1_600_000,
      tags: ['mlfi', 'incident', 'closed', 'model_name:fraud', 'high'],
    });
  });

  it('links below the path Grafana is served under', () => {
    const made = annotationOf({ kind: 'incident-opened', incident }, { ...context, rootPath: '/grafana' });
    expect(made?.text).toContain('href="/grafana/a/mlfi-investigator-app/');
  });

  it('names who decided', () => {
    const made = annotationOf(
      { kind: 'recommendation-updated', recommendation: recommendation('approved') },
      { ...context, decidedBy: ['Ada', 'Bo <x>'] },
    );
    expect(made).toMatchObject({ timeMs: 2_000_000, tags: ['mlfi', 'decision', 'approved', 'model_name:fraud'] });
    expect(made?.text).toContain('Approved by Ada, Bo &#60;x&#62;: Fix the unit of income');
  });

  it.each(RECOMMENDATION_STATES)('of the state %s is a decision, an action, or none', (state) => {
    const made = annotationOf({ kind: 'recommendation-updated', recommendation: recommendation(state) }, context);
    const decisions = ['approved', 'rejected', 'revoked'];
    const actions = ['succeeded', 'failed', 'unknown', 'recovered', 'not_recovered', 'inconclusive'];
    expect(made?.tags[1]).toBe(decisions.includes(state) ? 'decision' : actions.includes(state) ? 'action' : undefined);
  });

  it('is bounded, and its tags stay below the length Grafana takes', () => {
    const long = {
      ...incident,
      modelId: modelId('m'.repeat(64)),
      explanation: { headline: 'x'.repeat(5_000), paragraphs: [] },
    };
    const made = annotationOf({ kind: 'incident-opened', incident: long }, context);
    expect(made?.text.length).toBeLessThan(700);
    expect(JSON.stringify(made?.tags).length).toBeLessThan(500);
  });

  it('is not made of anything else', () => {
    expect(annotationOf({ kind: 'baseline-admitted', modelId: modelId('fraud'), version: 1 }, context)).toBeNull();
    expect(annotationOf({ kind: 'incident-updated', incident }, context)).toBeNull();
  });
});
