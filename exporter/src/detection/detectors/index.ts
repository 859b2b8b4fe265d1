import type { Detector } from '../detection-input.js';
import { accuracyDrop } from './accuracy-drop.js';
import { answerSchema } from './answer-schema.js';
import { calibration } from './calibration.js';
import { categoricalDrift } from './categorical-drift.js';
import { certificateExpiry } from './certificate-expiry.js';
import { confidenceDistribution } from './confidence-distribution.js';
import { confidenceTrend } from './confidence-trend.js';
import { constantPredictions } from './constant-predictions.js';
import { errorRate } from './error-rate.js';
import { goldenAnswers } from './golden-answers.js';
import { invalidValues } from './invalid-values.js';
import { isolationForest } from './isolation-forest.js';
import { labelsNeverMatch } from './labels-never-match.js';
import { latencyRegression } from './latency-regression.js';
import { lowConfidence } from './low-confidence.js';
import { missingValues } from './missing-values.js';
import { noPredictions } from './no-predictions.js';
import { numericDrift } from './numeric-drift.js';
import { predictionMix } from './prediction-mix.js';
import { refusedRows } from './refused-rows.js';
import { sequentialEvidence } from './sequential-evidence.js';
import { unreachable } from './unreachable.js';
import { unseenCategories } from './unseen-categories.js';
import { unstableAnswers } from './unstable-answers.js';

/** Every detector, service before model before quality before data. A new one is one file and one line here. */
export const DETECTORS: readonly Detector[] = [
  unreachable,
  errorRate,
  certificateExpiry,
  latencyRegression,
  noPredictions,
  refusedRows,
  goldenAnswers,
  answerSchema,
  unstableAnswers,
  constantPredictions,
  accuracyDrop,
  labelsNeverMatch,
  lowConfidence,
  confidenceTrend,
  confidenceDistribution,
  calibration,
  missingValues,
  invalidValues,
  unseenCategories,
  numericDrift,
  categoricalDrift,
  predictionMix,
  isolationForest,
  sequentialEvidence,
];
