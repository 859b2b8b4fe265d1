import { isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import type { SignalRow } from './gen-ai.js';
import type { Attributes, Signal } from './read-signals.js';

const OWN = 'mlfi.';
const FEATURE = 'mlfi.feature.';

/** A span or log record whose attributes are named for mlfi: `mlfi.model`, `mlfi.prediction`, `mlfi.feature.age` …; null for any other. */
export function taggedRow({ attributes, startedAtMs, durationMs }: Signal): SignalRow | null {
  const model = attributes.get('mlfi.model');
  if (typeof model !== 'string') return null;
  const row: Record<string, Json> = {};
  const features: Record<string, Json> = {};
  for (const [name, value] of attributes) {
    if (name.startsWith(FEATURE)) features[name.slice(FEATURE.length)] = value;
    else if (name.startsWith(OWN) && name !== 'mlfi.model') row[name.slice(OWN.length)] = value;
  }
  if (startedAtMs !== null && row.timestamp === undefined) row.timestamp = startedAtMs;
  if (durationMs !== null) row.latency_ms ??= durationMs;
  if (Object.keys(features).length > 0) row.features = features;
  return { service: { names: [model], newName: model }, row };
}

const MOST_MONITORS = 1_000;

/** BentoML's monitoring logs: the only ones that declare what each column is, though not in every record. */
export class BentoMonitors {
  private readonly roles = new Map<string, ReadonlyMap<string, string>>();

  /** The row of a record, or null for a record of something else. A column without a declared role is a feature. */
  rowOf({ body, attributes, resource, startedAtMs }: Signal): SignalRow | null {
    const record = recordOf(body, attributes);
    if (record === null) return null;
    const meta = isObject(record.bento_meta) ? record.bento_meta : null;
    const service = resource.get('service.name');
    // `bento:monitor`, as the exporter names its resource.
    const key = typeof service === 'string' ? service : '';
    if (meta !== null) this.remember(key, meta.schema);
    const roles = this.roles.get(key);
    if (meta === null && roles === undefined) return null;
    const monitor = typeof meta?.monitor_name === 'string' ? meta.monitor_name : (key.split(':').at(-1) ?? key);
    const row = rowByRoles(record, roles ?? new Map<string, string>());
    if (typeof meta?.bento_version === 'string') row.model_version = meta.bento_version;
    row.timestamp ??= startedAtMs;
    return { service: { names: [key, monitor], newName: monitor }, row };
  }

  private remember(key: string, schema: Json | undefined): void {
    if (!isObject(schema)) return;
    const roles = Object.values(schema).flatMap((column): [string, string][] =>
      isObject(column) && typeof column.name === 'string' && typeof column.role === 'string'
        ? [[column.name, column.role]]
        : [],
    );
    if (roles.length > 0 && (this.roles.has(key) || this.roles.size < MOST_MONITORS))
      this.roles.set(key, new Map(roles));
  }
}

const OF_THE_MONITOR = new Set(['bento_meta', 'request_id', 'timestamp', 'trace_id']);

function rowByRoles(record: JsonObject, roles: ReadonlyMap<string, string>): Record<string, Json> {
  const features: Record<string, Json> = {};
  const row: Record<string, Json> = { features };
  if (record.request_id !== undefined) row.prediction_id = record.request_id;
  if (record.timestamp !== undefined) row.timestamp = record.timestamp;
  for (const [name, value] of Object.entries(record)) {
    if (OF_THE_MONITOR.has(name)) continue;
    const role = roles.get(name);
    if (role === 'prediction') row.prediction = value;
    else if (role === 'target') row.label = value;
    else features[name] = value;
  }
  return row;
}

/** The dictionary that is logged: the body, or the attributes of a record without one. */
function recordOf(body: Json, attributes: Attributes): JsonObject | null {
  const record = isObject(body) ? body : Object.fromEntries(attributes);
  return 'request_id' in record && 'timestamp' in record ? record : null;
}
