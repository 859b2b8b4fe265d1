import type { IncidentId, ModelId } from './identifiers.js';
import type { Actor } from './actor.js';

/** What a person says of a page afterwards: whether it was worth being called for. A person's newest word on an incident counts. */
export interface AlertFeedback {
  readonly incidentId: IncidentId;
  readonly modelId: ModelId;
  readonly by: Pick<Actor, 'subject' | 'name'>;
  readonly useful: boolean;
  readonly reason: string;
  readonly atMs: number;
  /** Whether evidence past the alert threshold opened the incident. Facts (nothing answers) alert at any threshold, so feedback on them moves none. */
  readonly onEvidence: boolean;
}

/** How much more evidence than the operator asked for a model's pages need, and what that rests on. */
export interface AlertThresholdFactor {
  readonly model: ModelId;
  /** The threshold, and with it the mean time between false pages, is this many times the operator's: 1, 2, 4, 8 or 16. */
  readonly factor: number;
  /** Pages on evidence that people called useful, and not useful, by majority. */
  readonly useful: number;
  readonly notUseful: number;
}
