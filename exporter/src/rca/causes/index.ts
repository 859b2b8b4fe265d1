import { calibrationDecay } from './calibration-decay.js';
import type { CauseDefinition } from './cause-definition.js';
import { conceptDrift } from './concept-drift.js';
import { endpointErrors } from './endpoint-errors.js';
import { inputDrift } from './input-drift.js';
import { modelChanged } from './model-changed.js';
import { modelUnreachable } from './model-unreachable.js';
import { newCategories } from './new-categories.js';
import { none } from './none.js';
import { nullFlood } from './null-flood.js';
import { predictionCollapse } from './prediction-collapse.js';
import { slowEndpoint } from './slow-endpoint.js';
import { trafficMixChange } from './traffic-mix-change.js';
import { underconfidentModel } from './underconfident-model.js';
import { unitChange } from './unit-change.js';
import { unstableModel } from './unstable-model.js';

/** Every cause that competes. A new one is one file and one line here. */
export const CAUSES: readonly CauseDefinition[] = [
  modelUnreachable,
  endpointErrors,
  slowEndpoint,
  modelChanged,
  unstableModel,
  underconfidentModel,
  inputDrift,
  unitChange,
  nullFlood,
  newCategories,
  conceptDrift,
  calibrationDecay,
  predictionCollapse,
  trafficMixChange,
  none,
];
