import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Combobox, Field } from '@grafana/ui';
import { exporter } from '../api/client';
import type { Recommendation } from '../api/types';
import { GuardedButton } from '../components/GuardedButton';
import { ReasonDialog } from '../components/ReasonDialog';

type ActionId = Recommendation['action'];

const ACTIONS: Record<Exclude<ActionId, 'none'>, () => string> = {
  retrain: () => t('actions.retrain', 'Retrain'),
  rollback: () => t('actions.rollback', 'Roll back to the version before'),
  deploy: () => t('actions.deploy', 'Deploy another version'),
  'fix-pipeline': () => t('actions.fix-pipeline', 'Mend the data pipeline'),
  recalibrate: () => t('actions.recalibrate', 'Recalibrate the confidence'),
  rebaseline: () => t('actions.rebaseline', 'Accept as the new normal, with approval'),
  'scale-out': () => t('actions.scale-out', 'Scale out'),
  'restart-endpoint': () => t('actions.restart', 'Restart the endpoint'),
  investigate: () => t('actions.investigate', 'Investigate'),
  'collect-labels': () => t('actions.labels', 'Collect labels'),
};

/** An action beside those of the diagnosis; it needs the same approvals as any other. */
export function ProposeAction({
  incidentId,
  refusal,
  onDone,
}: {
  incidentId: string;
  refusal: string | null;
  onDone: () => void;
}) {
  const [asks, setAsks] = useState(false);
  const [action, setAction] = useState<string | null>(null);
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
          send={(why) => exporter.propose(incidentId, action ?? '', why)}
          onClose={() => setAsks(false)}
          onDone={onDone}
        >
          <p>
            {t(
              'propose.what',
              'Others have to approve it as they approve any other; whoever proposes does not vote, unless the rules say so.'
            )}
          </p>
          <Field label={t('propose.action', 'Action')} htmlFor="proposed-action">
            <Combobox
              id="proposed-action"
              options={Object.entries(ACTIONS).map(([value, label]) => ({ value, label: label() }))}
              value={action}
              onChange={({ value }) => setAction(value)}
            />
          </Field>
        </ReasonDialog>
      )}
    </>
  );
}
