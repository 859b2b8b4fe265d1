import { counted } from '../domain/quantity-text.js';
import type { ModelId } from '../domain/identifiers.js';
import type { InvestigationProgress } from '../domain/investigation.js';
import type { Json } from '../domain/json.js';
import type { Endpoint, GoldenInput, Model, ProbeSchedule } from '../domain/model.js';
import type { Failure, Sample } from '../domain/observation.js';

const PROBES_PER_CYCLE = 5;
/** Whether a model answers the same to the same shows in repeated questions alone: after the first cycle they are most of what is asked. */
const NEW_PROBES_LATER = 2;
/** A short check has no call to spare for further new ones. */
const SHORT = 30;
const CYCLES_WITHOUT_ANSWER = 1;

/** A model for the duration of one check; nothing of it is stored. */
export function passingModel(
  id: ModelId,
  url: string,
  endpoint: Endpoint,
  probePayloads: readonly Json[],
  arePayloadsGuessed: boolean,
  goldenInputs: readonly GoldenInput[],
  timeoutMs: number,
  nowMs: number,
): Model {
  const schedule: ProbeSchedule = {
    intervalMs: 1_000,
    jitterShare: 0,
    concurrency: 5,
    timeoutMs,
    probesPerCycle: PROBES_PER_CYCLE,
    callsPerHour: null,
  };
  return {
    id,
    name: url,
    endpoint,
    versionLabel: null,
    owner: null,
    tags: [],
    goldenInputs,
    probePayloads,
    arePayloadsGuessed,
    schedule,
    state: 'learning',
    paused: false,
    createdAtMs: nowMs,
  };
}

/** What came of the probes, without those that were refused by a limit on calls. */
export interface Collected {
  readonly collected: readonly Sample[];
  readonly limited: Failure | null;
}

const isLimit = (failure: Failure | null): failure is Failure => failure?.reason === 'rate_limited';

/** Waits as long as a server asks, and says whether it is asked again. */
export type Patience = (failure: Failure, onProgress: (progress: InvestigationProgress) => void) => Promise<boolean>;

/** Asks as often as wanted, golden inputs first; where a limit refuses that and nobody waits for it, less often. */
export async function collectProbes(
  { cycle, wait }: { readonly cycle: (model: Model) => Promise<readonly Sample[]>; readonly wait: Patience | null },
  model: Model,
  wanted: number,
  onProgress: (progress: InvestigationProgress) => void,
): Promise<Collected> {
  const collected: Sample[] = [];
  let limited: Failure | null = null;
  let fruitless = 0;
  while (collected.length < wanted && fruitless < CYCLES_WITHOUT_ANSWER && limited === null) {
    onProgress({
      stage: 'probing',
      done: collected.length,
      of: wanted,
      text: `${collected.length} of ${counted(wanted, 'probe')} done`,
    });
    const left = wanted - collected.length;
    const goldenInputs = model.goldenInputs.slice(0, left);
    const probesPerCycle = Math.min(newProbes(wanted, left, goldenInputs.length), left - goldenInputs.length);
    const samples = await cycle({
      ...model,
      goldenInputs,
      schedule: { ...model.schedule, probesPerCycle },
    });
    if (samples.length === 0) break;
    // A call that a limit refused says nothing of the model, and further ones would be refused, too.
    limited = samples.map(({ observation: { failure } }) => failure).find(isLimit) ?? null;
    collected.push(...samples.filter(({ observation: { failure } }) => !isLimit(failure)));
    if (limited !== null && (await wait?.(limited, onProgress)) === true) {
      limited = null;
      continue;
    }
    fruitless = samples.every(({ observation }) => observation.failure !== null) ? fruitless + 1 : 0;
  }
  onProgress({
    stage: 'probing',
    done: collected.length,
    of: collected.length,
    text: `${counted(collected.length, 'probe')} done`,
  });
  return { collected, limited };
}

function newProbes(wanted: number, left: number, golden: number): number {
  if (left === wanted || golden === 0) return PROBES_PER_CYCLE;
  return wanted < SHORT ? 0 : NEW_PROBES_LATER;
}
