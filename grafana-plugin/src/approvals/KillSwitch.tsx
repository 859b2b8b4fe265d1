import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { killSwitchQuery, setKillSwitch } from '../api/decisions';
import type { KillSwitch } from '../api/types';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';
import { moment, relative } from '../components/format';
import type { Rights } from '../components/useRights';

function Stopped({ state: { on, reason, by, at_ms } }: { state: KillSwitch }) {
  return on ? (
    <p style={{ overflowWrap: 'anywhere' }}>
      {t('kill.by', '{{who}} stopped them: {{reason}}', {
        who: by ?? t('kill.somebody', 'Somebody'),
        reason: reason ?? t('kill.no-reason', 'no reason was kept'),
        interpolation: { escapeValue: false },
      })}
      {at_ms !== null && <span title={moment(at_ms)}> ({relative(at_ms)})</span>}
    </p>
  ) : (
    <p>
      {t(
        'kill.configured',
        'The configuration of the exporter says so (governance.kill_switch); it can only be released there.'
      )}
    </p>
  );
}

/** A banner while nothing is executed, whatever is approved; nothing otherwise. */
export function KillSwitchBanner({ children }: { children?: React.ReactNode }) {
  const { data: state } = useQuery(killSwitchQuery());
  return state === undefined || (!state.on && !state.configured) ? null : (
    <Alert severity="error" title={t('kill.on', 'Every execution is stopped: what is approved waits, nothing is sent')}>
      <Stopped state={state} />
      {children}
    </Alert>
  );
}

/** The banner with the way out, and the button that stops everything, for the page to place. */
export function KillSwitchControl({
  rights,
  children,
}: {
  rights: Rights;
  children: (banner: React.ReactNode, stop: React.ReactNode) => React.ReactNode;
}) {
  const [asks, setAsks] = useState<'stop' | 'release' | null>(null);
  const { data: state } = useQuery(killSwitchQuery());
  const stop =
    state === undefined || state.on ? null : (
      <GuardedButton
        refusal={rights.adminRefusal}
        variant="destructive"
        fill="outline"
        icon="pause"
        onClick={() => setAsks('stop')}
      >
        {t('kill.stop', 'Stop every execution')}
      </GuardedButton>
    );
  const banner = (
    <KillSwitchBanner>
      {state?.on === true && (
        <GuardedButton refusal={rights.adminRefusal} icon="play" onClick={() => setAsks('release')}>
          {t('kill.release', 'Resume executions')}
        </GuardedButton>
      )}
    </KillSwitchBanner>
  );
  return (
    <>
      {children(banner, stop)}
      {asks !== null && (
        <ReasonDialog
          title={asks === 'stop' ? t('kill.stop', 'Stop every execution') : t('kill.release', 'Resume executions')}
          confirm={
            asks === 'stop' ? t('kill.stop-confirm', 'Stop everything') : t('kill.release-confirm', 'Resume executions')
          }
          isDestructive={asks === 'stop'}
          send={(reason) => setKillSwitch(asks === 'stop', reason)}
          onClose={() => setAsks(null)}
        >
          <p>
            {asks === 'stop'
              ? t(
                  'kill.stop-what',
                  'For every model: approved actions wait instead of starting. What was sent already is not called back. People can still vote.'
                )
              : t('kill.release-what', 'What was approved meanwhile and has not expired starts at once.')}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
