import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { locationService } from '@grafana/runtime';
import { Field, Input } from '@grafana/ui';
import { remove } from '../api/models';
import { GuardedButton } from '../components/GuardedButton';
import { ConfirmDialog } from '../components/ConfirmDialog';
import { PAGES } from '../constants';

/** Ends the watch over a model and forgets what was learnt; asks for its id, because nothing brings it back. */
export function DeleteModel({ id, refusal }: { id: string; refusal: string | null }) {
  const [asks, setAsks] = useState(false);
  const [typed, setTyped] = useState('');
  const field = 'delete-model-id';
  return (
    <>
      <GuardedButton
        variant="destructive"
        fill="outline"
        icon="trash-alt"
        refusal={refusal}
        onClick={() => setAsks(true)}
      >
        {t('delete.button', 'Delete')}
      </GuardedButton>
      {asks && (
        <ConfirmDialog
          title={t('delete.title', 'Delete {{id}}', { id })}
          confirm={t('delete.confirm', 'Delete for good')}
          obstacle={typed === id ? null : t('delete.type', 'Type the id of the model.')}
          send={() => remove(id)}
          onClose={() => setAsks(false)}
          onDone={() => locationService.push(PAGES.fleet)}
        >
          <ul style={{ paddingLeft: 18 }}>
            <li>{t('delete.stops', 'mlfi stops asking the model, and refuses predictions logged for it.')}</li>
            <li>
              {t('delete.forgets', 'Its baseline and its figures over time are deleted; they cannot be restored.')}
            </li>
            <li>{t('delete.keeps', 'Its decisions and the audit log stay.')}</li>
            <li>
              {t(
                'delete.configured',
                'A model that stands in the configuration file or in service discovery comes back at the next start.'
              )}
            </li>
          </ul>
          <Field label={t('delete.id', 'Id of the model')} htmlFor={field}>
            <Input
              id={field}
              value={typed}
              placeholder={id}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
          </Field>
        </ConfirmDialog>
      )}
    </>
  );
}
