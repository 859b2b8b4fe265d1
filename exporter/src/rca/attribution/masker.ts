import type { Features } from '../../domain/observation.js';

/** Which players' features are taken from the row in question (true) and which from the reference (false). */
export type Coalition = readonly boolean[];

/** What "hiding" a feature means: its value is that of the reference row. One player may stand for several features. */
export interface Masker {
  readonly players: readonly string[];
  mask(coalition: Coalition): Features;
}

/** Baseline masker: a hidden feature takes the value of one reference row; a feature the reference lacks counts as missing. */
export function baselineMasker(row: Features, reference: Features, players: readonly string[]): Masker {
  return {
    players,
    mask(coalition) {
      const masked: Record<string, Features[string]> = { ...row };
      for (const [i, player] of players.entries())
        if (coalition[i] !== true) masked[player] = reference[player] ?? null;
      return masked;
    },
  };
}
