import { describe, expect, it } from 'vitest';
import { detect } from '../../../exporter/src/detection/detect.js';
import type { AlertEvidence } from '../../../exporter/src/domain/alert-evidence.js';
import { DEFAULT_THRESHOLDS } from '../../../exporter/src/domain/thresholds.js';
import type { LabelCounts } from '../../../exporter/src/domain/profile.js';
import { addLabels } from '../../../exporter/src/statistics/label-counts.js';
import { stateOf } from '../rca/evaluated-case.js';
import { alarmOf } from './rows.js';

/** The e-detector of accuracy alarms: it reads labels as they come, whatever window their predictions are in. */
const accuracyFell = alarmOf('accuracy', 'risk');

function said(labels: Partial<LabelCounts>, evidence?: AlertEvidence, before?: Partial<LabelCounts>) {
  const of = stateOf({ labels: { before: 180, now: 0 }, ...(evidence === undefined ? {} : { evidence }) });
  const { baseline } = of;
  const learnt = before === undefined ? baseline?.profile.labels : { ...addLabels(), ...before };
  const state =
    baseline === null || learnt === undefined
      ? of
      : { ...of, baseline: { ...baseline, profile: { ...baseline.profile, labels: learnt } } };
  const window = { ...state.window, labels: { ...addLabels(), ...labels } };
  const { findings, blindSpots } = detect({ ...state, window }, DEFAULT_THRESHOLDS, 1_000);
  return {
    finding: findings.find(({ subject }) => subject === 'accuracy')?.sentence,
    blind: blindSpots.find(({ check }) => check === 'accuracy')?.reason,
  };
}

describe('what is said of accuracy where the window has too few labels', () => {
  it('agrees with what labels of other predictions have shown, and makes no figure up', () => {
    const { finding, blind } = said({ labelled: 0 }, accuracyFell);
    expect(finding).toMatch(/changed \(it got worse\)/);
    expect(finding).not.toMatch(/went from|%/);
    expect(blind).toBe(
      'none of the 200 calls in the window has a label; at least 30 are needed (in the baseline, 200 predictions have one); that accuracy changed is known from labels of other predictions',
    );
  });

  it('tells labels that are not due yet from labels that do not come', () => {
    const dueAfterMs = 86_400_000;
    expect(said({ ofAnswers: 0, dueAfterMs }).blind).toBe(
      'labels come up to 24 h after their predictions, and no prediction since the baseline is old enough (in the baseline, 200 predictions have one)',
    );
    expect(said({ labelled: 12, ofAnswers: 250, dueAfterMs }).blind).toMatch(
      /^labels come up to 24 h after their predictions; 12 of the newest 250 predictions of that age have one, and at least 30/,
    );
    expect(said({ labelled: 12 }).blind).toMatch(/^12 of the 200 calls in the window have a label/);
  });

  it('counts labels of quantities, which are missed by more or less and not right or wrong', () => {
    const numbers = (count: number): Partial<LabelCounts> => ({ losses: { '3:exact': 1, '3:20': count - 1 } });
    expect(said(numbers(200), undefined, numbers(500))).toEqual({ finding: undefined, blind: undefined });
    expect(said(numbers(12), undefined, numbers(500)).blind).toBe(
      '12 of the 200 calls in the window have a label; at least 30 are needed (in the baseline, 500 predictions have one)',
    );
    expect(said({ labelled: 200 }, undefined, numbers(202)).blind).toBe(
      'labels in the baseline are numbers, as its predictions are; those in the window are not',
    );
  });
});
