import type { FaultKind } from '../fault.js';
import { BENIGN_KINDS } from './benign.js';
import { DATA_FAULTS } from './data.js';
import { MODEL_FAULTS } from './model.js';
import { SERVICE_FAULTS } from './service.js';
import { UNFORESEEN_KINDS } from './unforeseen.js';
import { WORLD_FAULTS } from './world.js';

/** The zoo. A new kind is one entry in its folder's table. */
export const FAULT_KINDS: readonly FaultKind[] = [
  ...DATA_FAULTS,
  ...WORLD_FAULTS,
  ...MODEL_FAULTS,
  ...SERVICE_FAULTS,
  ...BENIGN_KINDS,
  ...UNFORESEEN_KINDS,
];
