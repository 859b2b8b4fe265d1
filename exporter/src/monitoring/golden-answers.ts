import { createGoldenMemory, type GoldenMemory } from '../baseline/golden-memory.js';
import { onePeriod } from '../detection/golden-switch.js';
import type { Observation, Sample } from '../domain/observation.js';
import type { GoldenBaseline } from '../domain/profile.js';
import { goldenKey, isKnownAnswer, sameAnswerAmong } from '../statistics/token-overlap.js';
import { copied } from './copied.js';

const REPEATS_KEPT = 4;

/** How one model answers its golden inputs: now, while a baseline is learnt, and ever since. Answers are kept as salted hashes. */
export class GoldenAnswers {
  private recent: Sample[] = [];
  private learnt: GoldenMemory;
  /** Hashes of the answers each golden input is known to get. */
  private known = new Map<string, Set<string>>();

  /**
   * @param before what the baseline, or the learning period, remembers
   * @param learning what the learning period remembers; empty outside of one
   */
  constructor(
    private readonly hash: (text: string) => string,
    before: readonly GoldenBaseline[],
    learning: readonly GoldenBaseline[],
  ) {
    this.learnt = createGoldenMemory(hash, learning);
    for (const { goldenId, answerHashes } of before) this.known.set(goldenId, new Set(Object.keys(answerHashes)));
  }

  /** The same, to be left as it is while the copy forgets. */
  copy(): GoldenAnswers {
    const copy = copied(this);
    copy.recent = [...this.recent];
    copy.known = new Map(this.known);
    return copy;
  }

  /**
   * Takes one answer in.
   * @param inputs golden inputs of the model: so many answers are kept for comparison, a few times over
   * @returns 1 when it is another answer than any known one, 0 when it is known, null when there is nothing to compare
   */
  add(sample: Sample, inputs: number, isLearning: boolean): 0 | 1 | null {
    this.recent.push(sample);
    const kept = REPEATS_KEPT * Math.max(1, inputs);
    if (this.recent.length > kept) this.recent.splice(0, this.recent.length - kept);
    return this.learn(sample, isLearning);
  }

  /** As `add`, for an answer that is among the recent ones already. */
  learn({ observation, shape }: Sample, isLearning: boolean): 0 | 1 | null {
    if (isLearning) this.learnt.add(observation, shape);
    return this.compare(observation, isLearning);
  }

  private compare(observation: Observation, isLearning: boolean): 0 | 1 | null {
    const { goldenId, failure } = observation;
    if (goldenId === null || failure !== null) return null;
    const hashed = goldenKey(observation, this.hash);
    const known = this.known.get(goldenId);
    if (known === undefined) {
      this.known.set(goldenId, new Set([hashed]));
      return null;
    }
    const moved = isKnownAnswer(hashed, [...known]) ? 0 : 1;
    if (isLearning) known.add(sameAnswerAmong(known, hashed));
    return moved;
  }

  since(atMs: number): readonly Sample[] {
    return this.recent.filter(({ observation }) => observation.atMs >= atMs);
  }

  /** What the newest answers are: of one period, where the model was replaced among them. */
  now(): readonly GoldenBaseline[] {
    const memory = createGoldenMemory(this.hash);
    const answered = this.recent.filter(({ observation: { failure } }) => failure === null);
    const [from, to] = onePeriod(
      answered.map(({ observation }) => ({
        goldenId: observation.goldenId ?? '',
        answer: goldenKey(observation, this.hash),
        confidence: observation.confidence,
      })),
    );
    for (const { observation, shape } of answered.slice(from, to)) memory.add(observation, shape);
    return memory.build();
  }

  /** Golden answers since learning began. */
  learning(): readonly GoldenBaseline[] {
    return this.learnt.build();
  }

  /** @param keepsLearnt the inputs stay what they are although the traffic that is learnt from is another */
  forget(keepsLearnt: boolean): void {
    this.known.clear();
    if (!keepsLearnt) this.learnt = createGoldenMemory(this.hash);
  }
}
