import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { quantileOf } from './bounded.js';
import type { NamedState } from './panels.js';
import { MODELS } from './panels.js';

/** Worst last, so that a maximum shows the worst. */
const STATES = ['paused', 'configuring', 'learning', 'healthy', 'degraded', 'failing', 'unreachable'] as const;
const COLORS = {
  paused: 'text',
  configuring: 'blue',
  learning: 'blue',
  healthy: 'green',
  degraded: 'yellow',
  failing: 'orange',
  unreachable: 'red',
} as const;

export const MODEL_STATE_CODES: readonly NamedState[] = STATES.map((text, code) => ({
  code,
  text,
  color: COLORS[text],
}));

/** The state of every chosen model as its code in `MODEL_STATE_CODES`. */
export const MODEL_STATE_EXPRESSION = `max by (model_name) (${STATES.map(
  (state, code) => `${code} * (mlfi_model_state{${MODELS}, state="${state}"} == 1)`,
).join(' or ')})`;

export const MODEL_STATE_MAPPING: dashboard.ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    MODEL_STATE_CODES.map(({ code, text, color }) => [String(code), { text, color, index: code }]),
  ),
};

/** 0 no open incident, 1 low … 4 critical. */
export const INCIDENT_LEVEL_EXPRESSION = `max by (model_name) (${['low', 'medium', 'high', 'critical']
  .map((level, index) => `${index + 1} * mlfi_incidents_open{${MODELS}, level="${level}"}`)
  .join(' or ')})`;

export const INCIDENT_LEVEL_MAPPING: dashboard.ValueMapping = {
  type: MappingType.ValueToText,
  options: {
    '0': { text: 'none', color: 'green', index: 0 },
    '1': { text: 'low', color: 'blue', index: 1 },
    '2': { text: 'medium', color: 'yellow', index: 2 },
    '3': { text: 'high', color: 'orange', index: 3 },
    '4': { text: 'critical', color: 'red', index: 4 },
  },
};

/** Latency quantile of the evaluated window: its buckets are counts of that window, so no rate is taken. */
export const latencyQuantile = (quantile: number, at = ''): string =>
  quantileOf(quantile, `sum by (model_name, le) (mlfi_model_window_latency_seconds_bucket{${MODELS}}${at})`);
