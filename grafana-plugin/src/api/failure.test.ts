import { failureOf } from './failure';

const refusal = (status: number, error: object) => ({ status, data: { error } });

describe('why a request failed', () => {
  it.each([
    ['an exporter that is away', { status: 502, data: '' }, 'exporter-down'],
    [
      'an address that is missing',
      { status: 500, data: { message: 'Failed to interpolate the route' } },
      'not-configured',
    ],
    ['a role of Grafana', { status: 403, data: { message: 'plugin proxy route access denied' } }, 'policy'],
    ['a policy', refusal(403, { code: 'forbidden', message: 'no approver', field: 'by', details: null }), 'policy'],
    [
      'a person without the scope',
      refusal(403, { message: 'm', field: 'authorization', details: { problem: 'scope' } }),
      'policy',
    ],
    [
      'a wrong secret',
      refusal(403, { message: 'm', field: 'authorization', details: { problem: 'unknown-key-or-secret' } }),
      'refused',
    ],
    [
      'another Grafana',
      refusal(403, { message: 'm', field: 'authorization', details: { problem: 'bad-signature' } }),
      'other-grafana',
    ],
    ['a name that is taken', refusal(409, { message: 'watched already', field: 'id' }), 'name-taken'],
    ['somebody who was first', refusal(409, { message: 'approved already', field: 'state' }), 'conflict'],
    ['something that is not there', refusal(404, { message: 'there is no such incident' }), 'not-found'],
  ])('is told for %s', (_, thrown, kind) => {
    expect(failureOf(thrown).kind).toBe(kind);
  });
  it('is read out of the text in which Grafana wraps what it did not parse', () => {
    const text = JSON.stringify({ error: { message: 'watched already', field: 'id' } });
    const wrapped = { status: 409, data: { message: text, error: 'Conflict', response: text } };
    expect(failureOf(wrapped)).toMatchObject({ kind: 'name-taken', message: 'watched already' });
    expect(failureOf({ status: 500, data: 'oops' })).toMatchObject({ kind: 'failed', message: 'oops' });
  });
});
