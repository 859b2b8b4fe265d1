import type { HttpAnswer, HttpCall, HttpClient, HttpFailure } from '../../domain/ports.js';
import { shownAddress } from '../../domain/shown-address.js';
import { hidingSecrets, secretsInAddress } from './hidden-secrets.js';

const LONGEST_SHOWN = 300;

/**
 * Tells whoever wants to see it what is sent and what comes back: method, address, body and status, never a header or the value of a
 * parameter, and a secret of four characters or more that a body repeats as `[secret]`. Bodies are cut.
 * @param secrets values that are never shown
 */
export function shownCalls(http: HttpClient, secrets: Iterable<string>, show: (line: string) => void): HttpClient {
  const known = [...secrets];
  const cleanFor = (url: string): ((text: string) => string) => {
    const hide = hidingSecrets([...known, ...secretsInAddress(url, () => true)]);
    return (text) => lineOf(hide(text));
  };
  let calls = 0;
  return {
    async call(request) {
      calls += 1;
      const number = calls;
      const clean = cleanFor(request.url);
      show(`${number} → ${request.method} ${clean(shownAddress(request.url))} ${clean(bodyOf(request))}`.trimEnd());
      const answer = await http.call(request);
      show(`${number} ← ${clean(outcomeOf(answer))}`);
      return answer;
    },
  };
}

/** One line of a few hundred characters that cannot write on the terminal. */
function lineOf(text: string): string {
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}… (${line.length} characters)` : line;
}

const bodyOf = ({ body, bytes, headers }: HttpCall): string =>
  bytes === undefined ? (body ?? '') : `(${bytes.length} bytes, ${headers['content-type'] ?? 'of no said type'})`;

function outcomeOf(answer: HttpAnswer | HttpFailure): string {
  const seconds = `${answer.latencySeconds.toFixed(3)} s`;
  return answer.kind === 'answer'
    ? `${answer.status} in ${seconds} ${answer.body}`
    : `no response in ${seconds}: ${answer.failure.detail}`;
}
