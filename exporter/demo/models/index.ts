import { broken } from './broken.js';
import { drifting, type DecayPlan } from './drifting.js';
import { flapping } from './flapping.js';
import { healthy } from './healthy.js';
import { lowConfidence } from './low-confidence.js';
import { random } from './random.js';
import type { SampleModel } from './sample-model.js';
import { silent } from './silent.js';

/** All text models of the demo. */
export const textModels = (decay: DecayPlan): readonly SampleModel[] => [
  healthy,
  lowConfidence,
  random,
  drifting(decay),
  broken,
  flapping,
  silent,
];
