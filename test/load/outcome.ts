import { z } from 'zod';
import { modelId } from '../../exporter/src/domain/identifiers.js';
import type { WindowProfile } from '../../exporter/src/domain/profile.js';
import { categoricalTotal, numericTotal } from '../../exporter/src/statistics/signal-counts.js';
import { mergeWindows, emptyWindow } from '../../exporter/src/statistics/window-profile.js';
import { openStore, type StoreLocation } from '../../exporter/src/store/open-store.js';
import { countedWhileLearnt } from '../integration/counted-while-learnt.js';
import type { Call } from './sender.js';

const detail = z.object({
  total_samples: z.number(),
  incident_id: z.string().nullable(),
  cause: z.string().nullable(),
  baseline: z.object({ state: z.string(), version: z.number().nullable(), samples: z.number().nullable() }),
  evidence: z.object({
    verdict: z.string(),
    confirmed: z.array(z.string()),
    changed_at_ms: z.number().nullable(),
  }),
  findings: z.array(z.object({ kind: z.string(), subject: z.string().nullish() }).loose()),
  blind_spots: z.array(z.object({ check: z.string() })),
});
const incidents = z.object({
  incidents: z.array(z.object({ model_id: z.string(), closed_at_ms: z.number().nullable() })),
});

/** What mlfi says of a model over HTTP. */
export interface Said {
  readonly calls: number;
  readonly baseline: z.output<typeof detail>['baseline'];
  readonly verdict: string;
  readonly confirmed: readonly string[];
  readonly sinceMs: number | null;
  readonly cause: string | null;
  readonly findings: readonly string[];
  readonly incidents: number;
  readonly blindSpots: readonly string[];
}

const list = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      baseline: z.object({ state: z.string(), missing: z.array(z.string()), refused: z.array(z.string()) }).loose(),
      evidence: z.object({ verdict: z.string() }).loose(),
      window_samples: z.number(),
      incident_id: z.string().nullable(),
      cause: z.string().nullable(),
    }),
  ),
});

/** All models at a glance. @throws Error when it does not answer */
export async function listed(call: Call): Promise<z.output<typeof list>['models']> {
  const got = await call('GET', '/api/v1/models');
  if (got?.status !== 200) throw new Error(`models: ${got?.status ?? 'nobody'} ${got?.text ?? ''}`);
  return list.parse(JSON.parse(got.text)).models;
}

/** @throws Error when it does not answer */
export async function saidOf(call: Call, id: string): Promise<Said> {
  const ask = async (path: string): Promise<unknown> => {
    const got = await call('GET', path);
    if (got?.status !== 200) throw new Error(`${path}: ${got?.status ?? 'nobody'}`);
    return JSON.parse(got.text) as unknown;
  };
  const model = detail.parse(await ask(`/api/v1/models/${id}`));
  const told = incidents.parse(await ask(`/api/v1/incidents?model=${id}`));
  return {
    calls: model.total_samples,
    baseline: model.baseline,
    verdict: model.evidence.verdict,
    confirmed: [...model.evidence.confirmed].sort(),
    sinceMs: model.evidence.changed_at_ms,
    cause: model.cause,
    findings: model.findings.map(({ kind, subject }) => `${kind} ${subject ?? ''}`.trim()).sort(),
    incidents: told.incidents.length,
    blindSpots: model.blind_spots.map(({ check }) => check),
  };
}

/** Counts of a profile, without what rests on rows in memory. */
export interface Counts {
  readonly calls: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly labelled: number;
  readonly correct: number;
  readonly signals: Readonly<Record<string, number>>;
}

function countsOf(profile: WindowProfile): Counts {
  const { calls, failures, labels, signals } = profile;
  const total = [...signals].map(([name, counts]) => [
    name,
    counts.missing + counts.invalid + (counts.kind === 'numeric' ? numericTotal(counts) : categoricalTotal(counts)),
  ]);
  return {
    calls,
    failures,
    labelled: labels.labelled,
    correct: labels.correct,
    signals: Object.fromEntries(total.sort()) as Record<string, number>,
  };
}

/** What the store holds of a model once the service has ended. */
export interface Stored {
  readonly baseline: Counts | null;
  readonly learning: Counts | null;
  readonly windows: Counts;
}

/** Reads the counts of models from the store itself. */
export async function storedOf(database: StoreLocation, ids: readonly string[]): Promise<ReadonlyMap<string, Stored>> {
  const store = await openStore(database, 'read');
  const stored = new Map<string, Stored>();
  try {
    for (const name of ids) {
      const id = modelId(name);
      const [baseline, learning] = [await store.baselines.current(id), await store.baselines.learning(id)];
      const windows = await store.windows.range(id, 0, Number.MAX_SAFE_INTEGER);
      stored.set(name, {
        baseline: baseline === null ? null : countsOf(countedWhileLearnt(baseline)),
        learning: baseline !== null || learning === null ? null : countsOf(countedWhileLearnt(learning)),
        windows: countsOf(windows.map(({ profile }) => profile).reduce(mergeWindows, emptyWindow())),
      });
    }
  } finally {
    await store.close();
  }
  return stored;
}
