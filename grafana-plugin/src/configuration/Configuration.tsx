import React, { useState, type SyntheticEvent } from 'react';
import type { AppPluginMeta, PluginConfigPageProps } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { getBackendSrv, locationService } from '@grafana/runtime';
import { Button, Field, FieldSet, Input, SecretInput } from '@grafana/ui';
import { lastValueFrom } from 'rxjs';
import { PLUGIN_ID } from '../constants';
import { ConnectionTest } from './ConnectionTest';

export interface Settings {
  exporterUrl?: string;
}
export type ConfigurationProps = PluginConfigPageProps<AppPluginMeta<Settings>>;

void initPluginTranslations(PLUGIN_ID);

function isHttpUrl(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Where the exporter is and the key Grafana shows it. The key is write-only: Grafana never gives it back. */
function Configuration({ plugin }: ConfigurationProps) {
  const { enabled, pinned, jsonData, secureJsonFields } = plugin.meta;
  const [exporterUrl, setExporterUrl] = useState(jsonData?.exporterUrl ?? '');
  const [token, setToken] = useState('');
  const [tokenIsSet, setTokenIsSet] = useState(Boolean(secureJsonFields?.exporterToken));
  const urlIsWrong = exporterUrl !== '' && !isHttpUrl(exporterUrl);

  const save = async (event: SyntheticEvent) => {
    event.preventDefault();
    await lastValueFrom(
      getBackendSrv().fetch({
        url: `/api/plugins/${PLUGIN_ID}/settings`,
        method: 'POST',
        data: {
          enabled,
          pinned,
          jsonData: { exporterUrl: exporterUrl.replace(/\/+$/, '') },
          secureJsonData: tokenIsSet ? undefined : { exporterToken: token },
        },
      })
    );
    locationService.reload();
  };

  return (
    <>
    <form onSubmit={save}>
      <FieldSet label="Exporter">
        <Field
          label="Address"
          description="As Grafana's server reaches it, for example http://mlfi:9899"
          invalid={urlIsWrong}
          error="An address starts with http:// or https://"
        >
          <Input width={60} id="exporter-url" value={exporterUrl} onChange={(e) => setExporterUrl(e.currentTarget.value)} />
        </Field>
        <Field label="Shared secret" description="identity.grafana.shared_secret of the exporter. An API key works too, for reading only.">
          <SecretInput
            width={60}
            id="exporter-token"
            isConfigured={tokenIsSet}
            value={token}
            onChange={(e) => setToken(e.currentTarget.value)}
            onReset={() => {
              setTokenIsSet(false);
              setToken('');
            }}
          />
        </Field>
        <Button type="submit" disabled={exporterUrl === '' || urlIsWrong || (!tokenIsSet && token === '')}>
          Save
        </Button>
      </FieldSet>
    </form>
    <ConnectionTest disabled={!tokenIsSet || urlIsWrong || exporterUrl === ''} />
    <p style={{ marginTop: 16 }}>
      Who may approve is decided by the exporter: governance.approvers and governance.policies of its configuration.
    </p>
    </>
  );
}

export default Configuration;
