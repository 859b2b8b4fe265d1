import { broken } from './broken.js';
import { drifting, type DecayPlan } from './drifting.js';
import { flapping } from './flapping.js';
import { healthy } from './healthy.js';
import { lowConfidence } from './low-confidence.js';
import { random } from './random.js';
import type { SampleModel } from './sample-model.js';
import { silent } from './silent.js';

/**
 * All text models of the demo.
 * @param workingCalls calls that the broken one answers before it breaks
 */
export const textModels = (decay: DecayPlan, workingCalls: number): readonly SampleModel[] => [
  healthy,
  lowConfidence,
  random,
  drifting(decay),
  broken(workingCalls),
  flapping,
  silent,
];
