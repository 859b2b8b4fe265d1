import { RECOMMENDATION_STATES, type RecommendationState } from '../domain/recommendation.js';

/** Decisions and audit as they stand in the store; the same on every replica. */
export interface GovernanceFigures {
  readonly recommendations: Readonly<Partial<Record<RecommendationState, number>>>;
  readonly killSwitch: boolean;
  readonly reviewsOwed: number;
  readonly reviewsOverdue: number;
  readonly auditHead: number;
  readonly checkpoint: { readonly size: number; readonly atMs: number } | null;
}

interface Line {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

/** Families of governance for `/metrics/models`, in text format 0.0.4. */
export function renderGovernance(figures: GovernanceFigures): string {
  const { recommendations, killSwitch, reviewsOwed, reviewsOverdue, auditHead, checkpoint } = figures;
  const one = (value: number): Line['samples'] => [['', value]];
  const lines: readonly Line[] = [
    {
      name: 'mlfi_recommendations',
      help: 'Recommendations ever made, by the state they are in now',
      samples: RECOMMENDATION_STATES.map((state) => [`{state="${state}"}`, recommendations[state] ?? 0]),
    },
    { name: 'mlfi_automation_stopped', help: '1 while the kill switch is on', samples: one(Number(killSwitch)) },
    {
      name: 'mlfi_break_glass_unreviewed',
      help: 'Break-glass decisions nobody reviewed yet',
      samples: one(reviewsOwed),
    },
    {
      name: 'mlfi_break_glass_review_overdue',
      help: 'Break-glass decisions whose review is overdue',
      samples: one(reviewsOverdue),
    },
    { name: 'mlfi_audit_head_sequence', help: 'Newest entry of the audit log', samples: one(auditHead) },
    {
      name: 'mlfi_audit_anchored_sequence',
      help: 'Newest entry a signed checkpoint covers',
      samples: one(checkpoint?.size ?? 0),
    },
    {
      name: 'mlfi_audit_last_anchored_timestamp_seconds',
      help: 'When the newest checkpoint was signed, 0 for never',
      samples: one((checkpoint?.atMs ?? 0) / 1_000),
    },
  ];
  return lines
    .map(
      ({ name, help, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.map(([labels, value]) => `${name}${labels} ${value}\n`).join('')}`,
    )
    .join('');
}
