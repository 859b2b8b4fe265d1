import { expect, it } from 'vitest';
import { signed } from '../../../exporter/src/domain/quantity-text.js';

it('a change that rounds to zero has no minus', () => {
  expect([signed(-0.001), signed(0), signed(-0.01), signed(0.5)]).toEqual(['+0.00', '+0.00', '−0.01', '+0.50']);
});
