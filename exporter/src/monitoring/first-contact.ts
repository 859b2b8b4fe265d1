import type { Model } from '../domain/model.js';
import type { Failure, Observation, Sample, ServerCertificate } from '../domain/observation.js';
import { durationText } from '../domain/time-text.js';
import { setupProblemOf, type SetupProblem } from '../domain/setup-problem.js';
import { SeveralTroubles } from './several-troubles.js';
import { countRefusedProbe, NO_CALLS, type CallCounters } from './call-counters.js';

/** Answered probes whose times are kept. */
const ANSWERS_KEPT = 20;
/** Limits in a row after which they are what keeps a model from answering. */
const MANY_LIMITS = 4;

/** A server that answered before asks to wait: few calls are made meanwhile, so that an outage is told only later. */
function waitsAsked(failure: Failure): SetupProblem | null {
  const { retryAfterMs } = failure;
  if (retryAfterMs === null || retryAfterMs === 0) return null;
  const problem = setupProblemOf(failure);
  return { ...problem, sentence: `${problem.sentence} It asks to wait ${durationText(retryAfterMs)}.` };
}

/** Whether mlfi can ask a model at all. Until the first answer, failed calls say nothing about the model. */
export class FirstContact {
  /** Why it cannot be asked at present though nothing is known to be wrong with it; null when it can. */
  problem: SetupProblem | null = null;
  /** The certificate its server showed last; null without TLS, and until it was asked. */
  certificate: ServerCertificate | null = null;
  /** What was read from where in its newest answer; null until it was asked. */
  readFrom: string | null = null;
  private readonly troubles = new SeveralTroubles();
  /** Calls in a row that a limit refused, the newest ones. */
  private limitsInRow = 0;
  /** Times of the newest probes, all answered since one failed, oldest first; none after a restart. */
  answeredMs: readonly number[] = [];

  /** A model that was found by asking it has answered; one that was taken over from the configuration unasked has not. */
  static counters({ endpoint, state, createdAtMs }: Model): CallCounters {
    const isUnasked = endpoint === null || state === 'configuring' || state === 'paused';
    return { ...NO_CALLS, lastProbeAnswerAtMs: isUnasked ? null : createdAtMs };
  }

  /** Notes what probes showed besides their observations. */
  note(samples: readonly Sample[]): void {
    for (const { certificate, readFrom } of samples) {
      this.certificate = certificate ?? this.certificate;
      this.readFrom = readFrom ?? this.readFrom;
    }
  }

  /** Why it cannot be asked now. A limit on calls says nothing of what else it lacks, which stays told. */
  tell(problem: SetupProblem): void {
    const isLimit = problem.kind === 'rate-limited';
    const isKnown = this.problem !== null && this.problem.kind !== 'rate-limited';
    if (!isLimit || !isKnown) this.problem = isLimit ? problem : this.troubles.add(problem);
  }

  /**
   * Takes a probe that says nothing about the model: one that failed before its first answer, or was refused by a limit on calls.
   * @returns the counters with it; null for any other observation
   */
  refused(calls: CallCounters, isConfiguring: boolean, observation: Observation): CallCounters | null {
    const { source, failure, atMs } = observation;
    if (source === 'ingest') return null;
    this.answeredMs =
      failure === null ? [...this.answeredMs.filter((at) => at <= atMs), atMs].slice(-ANSWERS_KEPT) : [];
    const isLimit = failure?.reason === 'rate_limited';
    this.limitsInRow = isLimit ? this.limitsInRow + 1 : 0;
    if (failure !== null && (isConfiguring || isLimit)) {
      this.tell(setupProblemOf(failure));
      return countRefusedProbe(calls, observation);
    }
    this.problem = failure === null ? null : waitsAsked(failure);
    return null;
  }

  /**
   * What is told of it beside what is known of the model: of one that answers nothing a lone limit says nothing.
   * @param isUnanswered an incident tells that it answers nothing
   */
  problemBeside(isUnanswered: boolean): SetupProblem | null {
    return isUnanswered && this.limitsInRow < MANY_LIMITS ? null : this.problem;
  }
}
