import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Combobox, Field } from '@grafana/ui';
import { propose } from '../api/decisions';
import type { ProposedAction } from '../api/types';
import { ACTION_TEXTS } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';

const PROPOSED: ProposedAction[] = [
  'fix-pipeline',
  'rollback',
  'deploy',
  'retrain',
  'recalibrate',
  'rebaseline',
  'scale-out',
  'restart-endpoint',
  'investigate',
  'collect-labels',
];

/** An action beside those of the diagnosis; it needs the same approvals as any other. */
export function ProposeAction({ incidentId, refusal }: { incidentId: string; refusal: string | null }) {
  const [asks, setAsks] = useState(false);
  const [action, setAction] = useState<ProposedAction | null>(null);
  return (
    <>
      <GuardedButton size="sm" variant="secondary" icon="plus" refusal={refusal} onClick={() => setAsks(true)}>
        {t('propose.button', 'Propose another action')}
      </GuardedButton>
      {asks && (
        <ReasonDialog
          title={t('propose.title', 'Propose an action')}
          confirm={t('propose.confirm', 'Propose')}
          incomplete={action === null ? t('propose.choose', 'Choose an action.') : null}
          send={async (why) => (action === null ? null : propose(incidentId, action, why))}
          onClose={() => setAsks(false)}
        >
          <p>
            {t(
              'propose.what',
              'It needs the same approvals as any other; whoever proposes it does not vote on it, unless the policy allows that.'
            )}
          </p>
          <Field label={t('propose.action', 'Action')} htmlFor="proposed-action">
            <Combobox
              id="proposed-action"
              options={PROPOSED.map((value) => ({ value, label: ACTION_TEXTS[value]() }))}
              value={action}
              onChange={({ value }) => setAction(value)}
            />
          </Field>
        </ReasonDialog>
      )}
    </>
  );
}
