import { StoreDocumentDamaged } from '../domain/codec.js';
import { Conflict, Unavailable } from '../domain/errors.js';
import type { ModelId } from '../domain/identifiers.js';
import type { IngestBatch, IngestNote, IngestResult, TakenBatch } from '../domain/ingest.js';
import type { Sample } from '../domain/observation.js';
import type { BatchRepository, Clock } from '../domain/ports.js';
import type { Commits } from './commits.js';
import type { IntakeCounts } from './fleet-ports.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import { acceptedOf, repeated } from './persist.js';
import { cannotBeRead } from './refusals.js';
import { unfamiliarRows } from './unfamiliar-rows.js';

/** How rows reach a model: with the commit that stores them, or at once where nobody waits for it. */
export class Ingest {
  constructor(
    private readonly members: Members,
    private readonly commits: Commits,
    private readonly batches: Pick<BatchRepository, 'find'>,
    private readonly clock: Pick<Clock, 'now'>,
    private readonly counts: IntakeCounts,
  ) {}

  /**
   * Takes a batch and answers when it is stored. A repeated batch id changes nothing. For `memory` it answers at once, as long
   * as what was counted before could be stored: what waits in memory for a store stays as much as came between two commits.
   * @throws Conflict when the batch id was taken with another body; then nothing was counted
   * @throws Unavailable when the store cannot be written; then nothing was counted, and the batch may be sent again
   */
  async take(member: Member, sent: IngestBatch): Promise<IngestResult> {
    const { monitored } = member;
    const { baseline, counters, model } = monitored;
    // What was learnt from probes says nothing about the names that users' requests have.
    const unfamiliar = unfamiliarRows(counters.basis === 'ingest' ? baseline : null, sent.observations);
    const paused = model.paused ? pausedNote(sent) : null;
    const told = [unfamiliar, paused].filter((note) => note !== null);
    const batch = told.length === 0 ? sent : { ...sent, notes: [...sent.notes, ...told] };
    const result = await (batch.acknowledge === 'memory' && member.unwritten === null
      ? this.countNow(model.id, batch)
      : this.commits.add(member, batch));
    member.source = batch.source ?? null;
    if (!result.duplicate) {
      member.monitored.noteIntake({ ...batch, notes: result.notes }, this.clock.now());
      if (batch.rejected > 0) member.needsEvaluation = true;
      this.counts.ingested(model.id, result.accepted, result.rejectedByReason);
    }
    return result;
  }

  /** Counts probes: they are stored now and then, as `Commits` says, for the next ones tell the same. */
  async observe(member: Member, samples: readonly Sample[]): Promise<void> {
    if (samples.length === 0) return;
    const isThere = await this.members.inLaneOf(member, () => {
      member.monitored.observe(samples, this.clock.now());
      if (samples.some(({ observation }) => observation.failure !== null)) member.needsEvaluation = true;
      else member.hasAnswers = true;
    });
    if (isThere) this.commits.requestFor(member);
  }

  private async countNow(id: ModelId, batch: IngestBatch): Promise<IngestResult> {
    const { batchId } = batch;
    // A commit that is under way may hold the lane until it knows whether it happened.
    this.commits.expectStore();
    const result = await this.members.inLane(id, async (member) => {
      const { monitored, unstored } = member;
      this.commits.expectStored(member);
      const known = batchId === null ? null : (unstored.get(batchId) ?? (await this.stored(member, batchId)));
      if (known !== null) return repeated(batch, known);
      const split = monitored.observe(
        batch.observations.map((observation) => ({ observation, shape: null })),
        this.clock.now(),
        batch.sender,
      );
      monitored.label(batch.labels);
      member.needsEvaluation = true;
      const counted = acceptedOf(batch, split);
      if (batchId !== null) unstored.set(batchId, { result: counted, bodyDigest: batch.bodyDigest });
      return counted;
    });
    if (result instanceof Conflict) throw result;
    this.commits.request();
    return result;
  }

  private stored({ monitored }: Member, batchId: string): Promise<TakenBatch | null> {
    return this.batches.find(monitored.model.id, batchId).catch((error: unknown) => {
      if (error instanceof StoreDocumentDamaged) throw cannotBeRead(error);
      throw new Unavailable('the store cannot be read now; send the batch again');
    });
  }
}

/** What happens with what is sent to a paused model; null for nothing. */
function pausedNote({ observations, labels }: Pick<IngestBatch, 'observations' | 'labels'>): IngestNote | null {
  const rows = observations.length + labels.length;
  if (rows === 0) return null;
  const message =
    'the model is paused: the rows are stored and counted, and nothing is found in them or alerted before it is resumed (POST …/start)';
  return { reason: 'model_paused', rows, line: 1, field: '', message };
}
