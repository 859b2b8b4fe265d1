import type { CauseDefinition } from './cause-definition.js';
import { answerSchemaChanged } from './answer-schema-changed.js';
import { calibrationDecay } from './calibration-decay.js';
import { categoryRename } from './category-rename.js';
import { certificateExpiring } from './certificate-expiring.js';
import { certificateInvalid } from './certificate-invalid.js';
import { conceptDrift } from './concept-drift.js';
import { credentialsRefused } from './credentials-refused.js';
import { defaultValues } from './default-values.js';
import { endpointErrors } from './endpoint-errors.js';
import { endpointMoved } from './endpoint-moved.js';
import { endpointNotFound } from './endpoint-not-found.js';
import { errorInAnswer } from './error-in-answer.js';
import { featureLeak } from './feature-leak.js';
import { inputDrift } from './input-drift.js';
import { joinLoss } from './join-loss.js';
import { labelDelay } from './label-delay.js';
import { labelsWrong } from './labels-wrong.js';
import { modelChanged } from './model-changed.js';
import { modelUnreachable } from './model-unreachable.js';
import { newCategories } from './new-categories.js';
import { none } from './none.js';
import { nullFlood } from './null-flood.js';
import { overloadedEndpoint } from './overloaded-endpoint.js';
import { payloadRefused } from './payload-refused.js';
import { precisionLoss } from './precision-loss.js';
import { predictionCollapse } from './prediction-collapse.js';
import { rateLimited } from './rate-limited.js';
import { rowsRefused } from './rows-refused.js';
import { seasonalPattern } from './seasonal-pattern.js';
import { segmentConceptDrift } from './segment-concept-drift.js';
import { segmentOutage } from './segment-outage.js';
import { slowEndpoint } from './slow-endpoint.js';
import { staleFeature } from './stale-feature.js';
import { swappedColumns } from './swapped-columns.js';
import { thresholdMoved } from './threshold-moved.js';
import { trafficMixChange } from './traffic-mix-change.js';
import { underconfidentModel } from './underconfident-model.js';
import { unitChange } from './unit-change.js';
import { unknown } from './unknown.js';
import { unstableModel } from './unstable-model.js';

/** Every cause that competes. A new one is one file and one line here; then the weights are fitted again. */
export const CAUSE_DEFINITIONS: readonly CauseDefinition[] = [
  modelUnreachable,
  endpointErrors,
  overloadedEndpoint,
  credentialsRefused,
  certificateInvalid,
  certificateExpiring,
  endpointNotFound,
  endpointMoved,
  rateLimited,
  payloadRefused,
  errorInAnswer,
  slowEndpoint,
  answerSchemaChanged,
  modelChanged,
  thresholdMoved,
  unstableModel,
  underconfidentModel,
  calibrationDecay,
  predictionCollapse,
  unitChange,
  nullFlood,
  defaultValues,
  categoryRename,
  newCategories,
  staleFeature,
  joinLoss,
  swappedColumns,
  precisionLoss,
  rowsRefused,
  featureLeak,
  inputDrift,
  trafficMixChange,
  segmentOutage,
  segmentConceptDrift,
  conceptDrift,
  labelsWrong,
  labelDelay,
  seasonalPattern,
  unknown,
  none,
];
