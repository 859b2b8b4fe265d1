import { adultModel } from './adult.js';
import { employmentModel } from './employment.js';
import { sentimentModel } from './sentiment.js';
import type { ZooModel } from './zoo-model.js';

/** Trains all three; a few seconds of one core. */
export const trainZooModels = (): readonly ZooModel[] => [adultModel(), employmentModel(), sentimentModel()];
