/** Which seeds may be used for what. Weights are fitted on training seeds, probabilities calibrated on tuning seeds; every published figure is on test seeds. */
export const SPLITS = ['training', 'tuning', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** Test seeds below this were measured on while the causes were built; nothing is published on them any more. */
const FIRST_UNSEEN = 300;

/** The i-th seed of a split; seeds of different splits are different texts and so different random streams. */
export const seedOf = (split: Split, index: number): string =>
  `${split}-${split === 'test' ? FIRST_UNSEEN + index : index}`;
