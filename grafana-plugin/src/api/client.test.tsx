import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { screen, waitFor } from '@testing-library/react';
import { of, throwError } from 'rxjs';
import { aModel } from '../test-data';
import { renderAsking } from '../test-render';
import { vote } from './decisions';
import { remember, remembered } from './live-figures';
import { aggregatesQuery, fleetQuery } from './models';
import { every } from './query';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
}));
beforeEach(() => fetchMock.mockReset());

function Names() {
  const { data, error } = useQuery(fleetQuery());
  return <p>{error?.kind ?? data?.map(({ id }) => id).join()}</p>;
}

describe('the exporter', () => {
  it('is asked through the plugin proxy, once for all who ask', async () => {
    fetchMock.mockReturnValue(of({ data: JSON.stringify({ models: [aModel({ id: 'a' })] }), status: 200 }));
    renderAsking(
      <>
        <Names />
        <Names />
      </>
    );
    expect(await screen.findAllByText('a')).toHaveLength(2);
    expect(fetchMock.mock.calls.map(([{ url, method }]) => [method, url])).toEqual([
      ['GET', '/api/plugin-proxy/mlfi-investigator-app/api/v1/models'],
    ]);
  });
  it('says why it did not answer', async () => {
    fetchMock.mockReturnValue(throwError(() => ({ status: 502, data: '' })));
    renderAsking(<Names />);
    expect(await screen.findByText('exporter-down')).toBeInTheDocument();
  });
  it('gets the body and the parameters of a request', async () => {
    fetchMock.mockReturnValue(of({ data: '{}', status: 200 }));
    await vote({ recommendation_id: 'r', digest: 'd', verdict: 'reject', reason: 'no' });
    expect(fetchMock.mock.calls[0][0]).toMatchObject({
      method: 'POST',
      data: { recommendation_id: 'r', digest: 'd', verdict: 'reject', reason: 'no' },
      showErrorAlert: false,
      showSuccessAlert: false,
    });
    function Csv() {
      return <p>{useQuery(aggregatesQuery('a b', { fromMs: 1.5, toMs: 2.5 }, 'k')).data}</p>;
    }
    fetchMock.mockReturnValue(of({ data: 'window_start,calls', status: 200 }));
    renderAsking(<Csv />);
    expect(await screen.findByText('window_start,calls')).toBeInTheDocument();
    expect(fetchMock.mock.calls.at(-1)?.[0].url).toMatch(/models\/a%20b\/aggregates\.csv\?from_ms=1&to_ms=3$/);
  });
  it('is asked less often while it fails', async () => {
    const state = (status: 'error' | 'success') => ({ state: { status } }) as Parameters<ReturnType<typeof every>>[0];
    expect([every(3_000)(state('success')), every(3_000)(state('error')), every(15_000)(state('error'))]).toEqual([
      3_000, 5_000, 15_000,
    ]);
    await waitFor(() => undefined);
  });
});

test('figures are remembered while somebody looks, not more than one a second', () => {
  const model = aModel({ id: 'live', confidence_mean: 0.5, error_share: 1, window_samples: 0 });
  remember([model], 10_000);
  remember([model], 10_500);
  remember([{ ...model, window_samples: 5 }], 12_000);
  expect(remembered('live')).toEqual([
    { atMs: 10_000, confidence: 0.5, failures: null, latency: null },
    { atMs: 12_000, confidence: 0.5, failures: 1, latency: null },
  ]);
  expect(remembered('nobody')).toEqual([]);
});
