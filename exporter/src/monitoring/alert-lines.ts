import type { ModelId } from '../domain/identifiers.js';
import type { LessonsInUse } from './lessons-in-use.js';
import type { Member } from './member.js';
import type { MonitoringSettings } from './monitoring-settings.js';

/** How much evidence an alert of each model needs: by the budgets, by how many models its owner has, and by people's feedback. */
export class AlertLines {
  /** While many models come at once, each of which would have all lines drawn anew. */
  isHeld = false;

  constructor(
    private readonly members: ReadonlyMap<ModelId, Member>,
    private readonly lessons: Pick<LessonsInUse, 'thresholdFactorOf'>,
    private readonly settings: Pick<MonitoringSettings, 'budget'>,
  ) {}

  /**
   * Draws them anew: when models came or went, an owner changed, or people said what an alert was worth. An owner of n models is
   * paged for nothing once in `ownerMeanTimeBetweenMs` at most when each is once in n times that: rates add, whatever depends on
   * whatever. Models without an owner have one and the same, nobody.
   */
  draw(): void {
    if (this.isHeld) return;
    const models = new Map<string | null, number>();
    for (const { monitored } of this.members.values()) {
      const { owner } = monitored.model;
      models.set(owner, (models.get(owner) ?? 0) + 1);
    }
    const { meanTimeBetweenMs, ownerMeanTimeBetweenMs } = this.settings.budget;
    for (const [id, { monitored }] of this.members) {
      const ofOwner = ((models.get(monitored.model.owner) ?? 1) * ownerMeanTimeBetweenMs) / meanTimeBetweenMs;
      monitored.setThresholdFactor(Math.max(1, ofOwner) * this.lessons.thresholdFactorOf(id));
    }
  }
  /** They have come. */
  release(): void {
    this.isHeld = false;
    this.draw();
  }
}
