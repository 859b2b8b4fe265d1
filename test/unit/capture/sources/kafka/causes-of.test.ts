import { expect, it } from 'vitest';
import { causesOf } from '../../../../../exporter/src/capture/sources/kafka/causes-of.js';

const refused = (): Error =>
  new Error('Connection to 127.0.0.1:1 failed.', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });

it('says first why, once, and then what failed for it', () => {
  const error = new AggregateError(
    [new AggregateError([refused(), refused()], 'findGroupCoordinator failed 3 times.'), refused()],
    'joinGroup failed 3 times.',
  );
  expect(causesOf(error)).toBe(
    'connect ECONNREFUSED 127.0.0.1:1 (joinGroup failed 3 times, findGroupCoordinator failed 3 times, Connection to 127.0.0.1:1 failed)',
  );
  expect(causesOf(new Error('Unknown topic gone'))).toBe('Unknown topic gone');
  expect(causesOf('odd')).toBe('odd');
});

it('says of a connection with TLS that is closed what may be missing, where no certificate is shown', () => {
  const error = new AggregateError([new Error('Connection closed')], 'listApis failed 3 times.');
  expect(causesOf(error, false)).toMatch(/^Connection closed \(listApis failed 3 times\) – .*tls\.cert_file/);
  expect([causesOf(error, true), causesOf(error)].map((text) => text.includes('cert_file'))).toEqual([false, false]);
});
