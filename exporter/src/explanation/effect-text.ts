import { brief, MAX_STANDARD_DEVIATIONS, percent, standardDeviationsText } from '../domain/quantity-text.js';
import type { Effect } from '../domain/finding.js';

/** An effect with its unit in words, e.g. `2.4 standard deviations`, `12.3 %`, `1.8 times`. */
export function effectText({ measure, value }: Effect): string {
  switch (measure) {
    case 'standard-deviations':
      return Math.abs(value) >= MAX_STANDARD_DEVIATIONS
        ? standardDeviationsText(value)
        : `${brief(value)} standard deviations`;
    case 'ratio':
      return `${brief(value)} times`;
    case 'share':
      return percent(value);
    case 'seconds':
      return `${brief(value)} s`;
    case 'confidence':
      return `${brief(value)} in confidence`;
    case 'distance':
      return `distance ${brief(value)}`;
    case 'count':
      return brief(value);
  }
}
