const MINUTE_MS = 60_000;

/** How often an incident of one model begins at the same time as an unrelated one of another by chance, at most: 1 in 20. */
const CHANCE = 0.05;
/** How often a model has an incident that has nothing to do with others: as often as false pages are promised to be. */
const EVERY_MS = 30 * 24 * 60 * MINUTE_MS;
/** No start is known better than models are probed and evaluated. */
const FINEST_MS = 2 * MINUTE_MS;
/** What begins an hour later is another event, however few models there are. */
const WIDEST_MS = 60 * MINUTE_MS;

/**
 * How far apart two incidents may begin that chance would not explain. Unrelated incidents of m − 1 other models, one in 30 days
 * each, begin within ±w of a given one with a probability of at most 2w (m − 1) ÷ 30 days; w is where that is 1 in 20. So the
 * more models there are, the nearer starts have to be: an hour for up to 19 models, 11 minutes for 100, 2 minutes from 541 on.
 */
export function nearestStartsMs(models: number): number {
  const within = (CHANCE * EVERY_MS) / (2 * Math.max(1, models - 1));
  return Math.min(WIDEST_MS, Math.max(FINEST_MS, within));
}
