import { ANSWER_SIGNS } from './answer-signs.js';
import { INPUT_SIGNS } from './input-signs.js';
import { SERVICE_SIGNS } from './service-signs.js';
import type { Sign } from './sign.js';
import { TRUTH_SIGNS } from './truth-signs.js';

/** Every question put to the evidence. After a change here the weights must be fitted again (`npm run fit:causes`). */
export const SIGNS: readonly Sign[] = [...SERVICE_SIGNS, ...ANSWER_SIGNS, ...INPUT_SIGNS, ...TRUTH_SIGNS];
