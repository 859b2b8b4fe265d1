import type { Endpoint, Model } from '../../domain/model.js';
import type { ModelAnswer } from '../../domain/observation.js';
import { isNoneFound, unlessEmpty } from './answers/empty-list.js';
import { SharesSoFar, type Taken } from './shares-so-far.js';

/** What the answers of each model were like so far, as far as one answer alone does not say how it is read. */
export class AnswersSoFar {
  private readonly known = new WeakMap<Endpoint, SoFar>();

  /** Takes an answer, which those before it let be an answer or not. */
  noted({ endpoint, state }: Asked, answer: ModelAnswer): ModelAnswer {
    if (answer.kind === 'failure') return answer;
    const soFar = this.of(endpoint);
    if (answer.noneAt === undefined) {
      soFar.shape = answer.shape;
      if (answer.loneShare !== undefined) soFar.shares.note(answer.prediction, answer.loneShare);
      return answer;
    }
    // What a model finds something in is still to be found out where it never answered.
    return state !== 'configuring' && isNoneFound(answer.noneAt, soFar.shape) ? answer : unlessEmpty(answer);
  }

  /** An answer that was noted, with the confidence that all of them so far let be one. */
  read({ endpoint }: Asked, answer: ModelAnswer): ModelAnswer {
    if (answer.kind === 'failure' || answer.loneShare === undefined) return answer;
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

/** A model with its endpoint: asked otherwise, it is known anew. */
type Asked = { readonly endpoint: Endpoint; readonly state: Model['state'] };

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
