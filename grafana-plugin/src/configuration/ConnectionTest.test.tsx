import { failureOf } from '../api/failure';
import { verdictOf } from './ConnectionTest';

const nobody = {
  kind: 'nobody' as const,
  subject: null,
  name: null,
  person: null,
  scopes: [],
  votable_actions: [],
  may_break_glass: false,
  problem: null,
};

describe('connection test', () => {
  it.each([
    ['unreachable', { failure: failureOf({ status: 502 }) }, 'error', 'Unreachable'],
    [
      'a wrong secret',
      { ...nobody, problem: { code: 'unknown-key-or-secret', message: 'm' } },
      'error',
      'Wrong shared secret',
    ],
    [
      'a wrong issuer',
      { ...nobody, problem: { code: 'wrong-issuer', message: 'm' } },
      'error',
      'Wrong issuer: another root_url',
    ],
    [
      'a wrong organisation',
      { ...nobody, problem: { code: 'wrong-organisation', message: 'm' } },
      'error',
      'Wrong organisation',
    ],
    [
      'another Grafana',
      { ...nobody, problem: { code: 'bad-signature', message: 'm' } },
      'error',
      'The exporter trusts another Grafana',
    ],
    ['an API key', { ...nobody, kind: 'api-key' as const }, 'warning', 'Connected, for reading only'],
    ['a person', { ...nobody, kind: 'user' as const, name: 'Ada' }, 'success', 'Connected; you are Ada'],
  ])('tells %s', (_, answer, severity, title) => {
    expect(verdictOf(answer)).toMatchObject({ severity, title });
  });
});
