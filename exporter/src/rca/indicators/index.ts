import { ANSWER_INDICATORS } from './answer-indicators.js';
import { INPUT_INDICATORS } from './input-indicators.js';
import { SERVICE_INDICATORS } from './service-indicators.js';
import type { Indicator } from './indicator.js';
import { TRUTH_INDICATORS } from './truth-indicators.js';

/** Every question put to the symptoms. After a change here the weights must be fitted again (`npm run fit:causes`). */
export const INDICATORS: readonly Indicator[] = [
  ...SERVICE_INDICATORS,
  ...ANSWER_INDICATORS,
  ...INPUT_INDICATORS,
  ...TRUTH_INDICATORS,
];
