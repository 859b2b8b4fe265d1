import type { HttpAnswer } from '../../../domain/ports.js';
import { isNamedLikePrediction } from '../path-words.js';

/** An answer with where the call went, as far as that is known. */
export interface CalledAnswer extends HttpAnswer {
  readonly calledUrl?: string;
}

/** Words of where people sign in (OAuth, SAML, oauth2-proxy). */
const SIGN_IN =
  /(?<=[/.-])(?:log[-_]?in|sign[-_]?in|sso|saml2?|oauth2?|openid|authorize|authn?|accounts?|idp)(?=[/.:-]|$)/gi;
const UNKNOWN = 'http://model.invalid/';

/**
 * Whether a passing redirect leads to where people sign in: no model has moved there. Another way to write the address is none, nor a
 * path that is named like a prediction, nor a word that the address of the call has as well.
 */
export function asksToSignIn({ status, headers, calledUrl = UNKNOWN }: CalledAnswer): boolean {
  const isPassing = status === 302 || status === 303 || status === 307;
  if (!isPassing || headers.location === undefined || !URL.canParse(headers.location, calledUrl)) return false;
  const [called, target] = [new URL(calledUrl), new URL(headers.location, calledUrl)];
  if (isSamePath(called, target) || isNamedLikePrediction(target.pathname)) return false;
  const known = wordsIn(called);
  return wordsIn(target).some((word) => !known.includes(word));
}

const isSamePath = (a: URL, b: URL): boolean => a.pathname.replace(/\/$/, '') === b.pathname.replace(/\/$/, '');

const wordsIn = ({ host, pathname }: URL): readonly string[] =>
  `/${host}${pathname}`.toLowerCase().match(SIGN_IN) ?? [];
