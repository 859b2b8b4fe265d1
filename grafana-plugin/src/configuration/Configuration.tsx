import React, { useState, type SyntheticEvent } from 'react';
import type { AppPluginMeta, PluginConfigPageProps } from '@grafana/data';
import { initPluginTranslations, t } from '@grafana/i18n';
import { getBackendSrv, locationService } from '@grafana/runtime';
import { Button, Field, FieldSet, Input, SecretInput } from '@grafana/ui';
import { lastValueFrom } from 'rxjs';
import { Queries } from '../api/query';
import { FailureNotice } from '../components/States';
import { useAction } from '../components/useAction';
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
function Form({ plugin }: ConfigurationProps) {
  const { enabled, pinned, jsonData, secureJsonFields } = plugin.meta;
  const [exporterUrl, setExporterUrl] = useState(jsonData?.exporterUrl ?? '');
  const [token, setToken] = useState('');
  const [tokenIsSet, setTokenIsSet] = useState(Boolean(secureJsonFields?.exporterToken));
  const { busy, failure, run } = useAction();
  const urlIsWrong = exporterUrl !== '' && !isHttpUrl(exporterUrl);

  const save = async (event: SyntheticEvent) => {
    event.preventDefault();
    const settings = {
      enabled,
      pinned,
      jsonData: { exporterUrl: exporterUrl.replace(/\/+$/, '') },
      secureJsonData: tokenIsSet ? undefined : { exporterToken: token },
    };
    if (
      await run('save', () =>
        lastValueFrom(
          getBackendSrv().fetch({
            url: `/api/plugins/${PLUGIN_ID}/settings`,
            method: 'POST',
            data: settings,
            showErrorAlert: false,
          })
        )
      )
    ) {
      locationService.reload();
    }
  };

  return (
    <>
      <form onSubmit={save} style={{ maxWidth: 560 }}>
        <FieldSet label={t('configuration.exporter', 'Exporter')}>
          <Field
            label={t('configuration.address', 'Address')}
            htmlFor="exporter-url"
            description={t(
              'configuration.address-what',
              "As Grafana's server reaches it, for example http://mlfi:9899"
            )}
            invalid={urlIsWrong}
            error={t('connect.url-wrong', 'An address starts with http:// or https://')}
          >
            <Input
              id="exporter-url"
              value={exporterUrl}
              onChange={(event) => setExporterUrl(event.currentTarget.value)}
            />
          </Field>
          <Field
            label={t('configuration.secret', 'Shared secret')}
            htmlFor="exporter-token"
            description={t(
              'configuration.secret-what',
              'identity.grafana.shared_secret of the exporter. An API key works too, for reading only.'
            )}
          >
            <SecretInput
              id="exporter-token"
              isConfigured={tokenIsSet}
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              onReset={() => {
                setTokenIsSet(false);
                setToken('');
              }}
            />
          </Field>
          {failure !== null && <FailureNotice failure={failure} />}
          <Button
            type="submit"
            disabled={busy !== null || exporterUrl === '' || urlIsWrong || (!tokenIsSet && token === '')}
          >
            {t('configuration.save', 'Save')}
          </Button>
        </FieldSet>
      </form>
      <ConnectionTest disabled={!tokenIsSet || urlIsWrong || exporterUrl === ''} />
      <p style={{ marginTop: 16 }}>
        {t(
          'configuration.approvers',
          'The configuration of the exporter says who may approve: governance.approvers and governance.policies.'
        )}
      </p>
    </>
  );
}

function Configuration(props: ConfigurationProps) {
  return (
    <Queries>
      <Form {...props} />
    </Queries>
  );
}

export default Configuration;
