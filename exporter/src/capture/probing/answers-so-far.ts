import type { Endpoint, Model } from '../../domain/model.js';
import type { ModelAnswer } from '../../domain/observation.js';
import type { LearntAnswers } from '../../domain/probed-model.js';
import { isNoneFound, NONE_FOUND, unlessEmpty } from './answers/empty-list.js';
import { unlessAllSent } from './answers/read-answer.js';
import { SharesSoFar, type Taken } from './shares-so-far.js';

/** What the answers of each model were like so far, as far as one answer alone does not say how it is read. */
export class AnswersSoFar {
  private readonly known = new WeakMap<Endpoint, SoFar>();

  /** Takes an answer, which those before it let be an answer or not. */
  noted({ endpoint, state, learnt }: Asked & { readonly state: Model['state'] }, answer: ModelAnswer): ModelAnswer {
    if (answer.kind === 'failure') return answer;
    // What a model finds something in is still to be found out where it never answered.
    if (answer.noneAt !== undefined) return state === 'configuring' ? unlessEmpty(answer) : answer;
    if (answer.repeats === true) return state === 'configuring' ? unlessAllSent(answer) : answer;
    const soFar = this.of(endpoint);
    soFar.shape = answer.shape;
    if (answer.loneShare !== undefined) soFar.shares.note(answer.prediction, answer.loneShare, learnt);
    return answer;
  }

  /** An answer that was noted, as all of them so far let it be read. */
  read({ endpoint, learnt }: Asked, answer: ModelAnswer): ModelAnswer {
    if (answer.kind === 'failure') return answer;
    if (answer.noneAt !== undefined) {
      const isLearnt = learnt?.classes.includes(NONE_FOUND) === true;
      return isLearnt || isNoneFound(answer.noneAt, this.of(endpoint).shape) ? answer : unlessEmpty(answer);
    }
    if (answer.repeats === true) {
      const { shape } = this.of(endpoint);
      return shape === answer.shape || (shape === null && learnt !== null) ? answer : unlessAllSent(answer);
    }
    if (answer.loneShare === undefined) return answer;
    const { share, at } = answer.loneShare;
    const taken = this.of(endpoint).shares.read();
    if (taken === 'of-yes') return answer;
    const confidence = taken === 'of-the-answer' ? share : null;
    return { ...answer, confidence, from: withPlace(answer.from ?? null, confidenceText(taken, share, at)) };
  }

  private of(endpoint: Endpoint): SoFar {
    const soFar = this.known.get(endpoint) ?? { shape: null, shares: new SharesSoFar() };
    this.known.set(endpoint, soFar);
    return soFar;
  }
}

/** The endpoint of a model, which asked otherwise is known anew, and what its baseline holds; null without one. */
type Asked = { readonly endpoint: Endpoint; readonly learnt: LearntAnswers | null };

interface SoFar {
  /** Of the newest answer that held something. */
  shape: string | null;
  readonly shares: SharesSoFar;
}

const withPlace = (from: string | null, confidence: string): string | null =>
  from?.replace(/, (?:no confidence|confidence from ).*$/s, `, ${confidence}`) ?? null;

function confidenceText(taken: Exclude<Taken, 'of-yes'>, share: number | null, at: string): string {
  if (taken === 'outside') return `no confidence (${at} is at times outside 0–1)`;
  if (taken === 'too-low') return `no confidence (${at} is too low to be one; point to it if it is)`;
  return share === null ? 'no confidence' : `confidence from ${at}`;
}
