import React from 'react';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { AppPlugin, PluginType, type AppPluginMeta } from '@grafana/data';
import { of } from 'rxjs';
import Configuration, { type Settings } from './Configuration';

const fetchMock = jest.fn();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getBackendSrv: () => ({ fetch: fetchMock }),
  locationService: { reload: jest.fn() },
}));

it('saves the address without a slash at its end; a secret that is set is not sent again', async () => {
  fetchMock.mockReturnValue(of({ data: {} }));
  const meta: AppPluginMeta<Settings> = {
    id: 'mlfi-investigator-app',
    name: '',
    type: PluginType.app,
    module: '',
    baseUrl: '',
    info: {
      author: { name: '' },
      description: '',
      links: [],
      logos: { small: '', large: '' },
      screenshots: [],
      updated: '',
      version: '',
    },
    enabled: true,
    pinned: true,
    jsonData: { exporterUrl: 'http://old:1' },
    secureJsonFields: { exporterToken: true },
  };
  const plugin = new AppPlugin<Settings>();
  plugin.meta = meta;
  // As Grafana draws it: by itself, without the app around it.
  render(<Configuration plugin={plugin} query={{}} />);
  await userEvent.clear(screen.getByLabelText(/Address/));
  await userEvent.type(screen.getByLabelText(/Address/), 'http://mlfi:9899/');
  await userEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(fetchMock.mock.calls[0][0]).toMatchObject({
    url: '/api/plugins/mlfi-investigator-app/settings',
    method: 'POST',
    data: { jsonData: { exporterUrl: 'http://mlfi:9899' }, secureJsonData: undefined },
  });
});
