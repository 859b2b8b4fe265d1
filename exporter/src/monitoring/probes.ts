import { Invalid } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { Sample } from '../domain/observation.js';
import type { Clock, Logger } from '../domain/ports.js';
import type { ProbedModel } from '../domain/probed-model.js';
import type { ProbeRequest } from '../domain/probe-request.js';
import { besideLanes } from '../incidents/model-lane.js';
import type { FleetProber } from './fleet-ports.js';
import type { Ingest } from './ingest.js';
import { learntAnswers } from './learnt-answers.js';
import type { Member } from './member.js';
import { FOLLOW_UP_CALLS, Suspicion } from './suspicion.js';

const probed = ({ monitored }: Member): ProbedModel => ({
  ...monitored.model,
  learnt: () => learntAnswers(monitored.baseline),
});

/** Probes of the fleet's models: what comes back is counted, asked for by the schedule or by somebody. */
export class Probes {
  private readonly suspicions = new WeakMap<Member, Suspicion>();

  constructor(
    private readonly prober: FleetProber,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'error' | 'warn'>,
    private readonly rows: Pick<Ingest, 'observe'>,
    private readonly stopping: AbortSignal,
    private readonly requestEvaluation: (id: ModelId) => void,
  ) {}

  /** Probes a model by its schedule as it stands now; not a paused one, nor one that is being removed, and none once mlfi stops. */
  restart(member: Member): void {
    const { model } = member.monitored;
    this.stop(model.id);
    if (model.paused || model.endpoint === null || member.registration.removals > 0 || this.stopping.aborted) return;
    besideLanes(() => this.prober.watch(probed(member), (samples) => this.count(member, samples)));
  }

  private count(member: Member, samples: readonly Sample[]): void {
    const { id } = member.monitored.model;
    this.rows
      .observe(member, samples)
      .then(() => this.followUp(member, samples))
      .catch((error: unknown) => {
        this.logger.error({ model: id, error: String(error) }, 'a probe could not be counted');
      });
  }

  /** More probes at once where the newest answers look unlike all before; the schedule alone would bring them in minutes. */
  private async followUp(member: Member, samples: readonly Sample[]): Promise<void> {
    const suspicion = this.suspicions.get(member) ?? new Suspicion();
    this.suspicions.set(member, suspicion);
    const { model } = member.monitored;
    if (!suspicion.raisedBy(samples, this.clock.now()) || model.paused || member.registration.removals > 0) return;
    const timeoutMs = model.schedule.timeoutMs * FOLLOW_UP_CALLS;
    await this.now(member, { calls: FOLLOW_UP_CALLS, golden: false, timeoutMs });
    this.requestEvaluation(model.id);
  }

  stop(id: ModelId): void {
    this.prober.unwatch(id);
  }

  /** One cycle now, where the model can be probed. Never rejects. */
  async cycle(member: Member): Promise<void> {
    const { id, endpoint, schedule, goldenInputs } = member.monitored.model;
    if (endpoint === null) return;
    const timeoutMs = schedule.timeoutMs * (schedule.probesPerCycle + goldenInputs.length);
    await this.now(member, { calls: null, golden: true, timeoutMs }).catch((error: unknown) => {
      this.logger.warn({ model: id, error: String(error) }, 'probe failed');
    });
  }

  /**
   * One probe now.
   * @returns null when it takes longer than `timeoutMs`; it is counted all the same
   * @throws Invalid for a model without an endpoint
   */
  async now(member: Member, { calls, golden, timeoutMs }: ProbeRequest): Promise<readonly Sample[] | null> {
    const { model } = member.monitored;
    if (model.endpoint === null) throw new Invalid(`model "${model.id}" has no endpoint to probe`, 'target');
    const { schedule } = model;
    const over = new AbortController();
    const cycle = this.prober.cycle({
      ...probed(member),
      goldenInputs: golden ? model.goldenInputs : [],
      schedule: {
        ...schedule,
        probesPerCycle: calls ?? schedule.probesPerCycle,
        timeoutMs: Math.min(schedule.timeoutMs, timeoutMs),
      },
    });
    const counted = cycle.then(async (samples) => {
      await this.rows.observe(member, samples);
      return samples;
    });
    counted.catch(() => undefined);
    const samples = await Promise.race([counted, this.clock.sleep(timeoutMs, over.signal).then(() => null)]);
    over.abort();
    return samples;
  }
}
