import type { Symptoms } from '../domain/symptoms.js';

/** The inputs that get the most frequent prediction, in words that claim no more than was counted. */
export const inputsWith = ({ prediction: { topShare } }: Pick<Symptoms, 'prediction'>): string =>
  topShare === 1 ? 'every input' : topShare >= 0.95 ? 'nearly every input' : 'most inputs';
