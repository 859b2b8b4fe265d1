import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Stack } from '@grafana/ui';
import { acceptBaseline, freezeBaseline, resetBaseline, setPaused } from '../api/models';
import type { FleetModel } from '../api/types';
import { GuardedButton } from '../components/GuardedButton';
import { moment } from '../components/format';
import { ReasonDialog } from '../components/ReasonDialog';
import { FailureNotice } from '../components/States';
import { useAction } from '../components/useAction';

type Watched = Pick<FleetModel, 'id' | 'state' | 'baseline' | 'evidence'>;

/** Why what is seen cannot be accepted as the new normal now; null when it can. */
export function acceptRefusal({ evidence, baseline }: Watched, operateRefusal: string | null): string | null {
  if (operateRefusal !== null) {
    return operateRefusal;
  }
  if (baseline.state === 'learning' || baseline.state === 'absent') {
    return t('baseline.none', 'There is no baseline yet: what is normal is still being learnt.');
  }
  return evidence.changed_at_ms === null
    ? t('baseline.unchanged', 'Nothing has been shown to have changed, so there is no new normal to accept.')
    : null;
}

/** Takes what was seen since the change as the new baseline. */
export function AcceptBaseline({
  model,
  operateRefusal,
  size,
}: {
  model: Watched;
  operateRefusal: string | null;
  size?: 'sm';
}) {
  const [asks, setAsks] = useState(false);
  const changedAtMs = model.evidence.changed_at_ms;
  return (
    <>
      <GuardedButton
        size={size}
        variant="secondary"
        icon="check-circle"
        refusal={acceptRefusal(model, operateRefusal)}
        onClick={() => setAsks(true)}
      >
        {t('baseline.accept', 'This is the new normal')}
      </GuardedButton>
      {asks && (
        <ReasonDialog
          title={t('baseline.accept-title', 'Accept this as the new normal of {{model}}', { model: model.id })}
          confirm={t('baseline.accept-confirm', 'Accept')}
          send={(reason) => acceptBaseline(model.id, reason)}
          onClose={() => setAsks(false)}
        >
          <p>
            {t(
              'baseline.accept-what',
              'What was seen since {{when}} becomes the next baseline. Until enough of it is there, only outright failures are noticed. Do this after a wanted change, never to silence an incident.',
              { when: changedAtMs === null ? '–' : moment(changedAtMs), interpolation: { escapeValue: false } }
            )}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}

/** Pausing, and what counts as normal: accept, learn anew, freeze. */
export function BaselineActions({ model, operateRefusal }: { model: Watched; operateRefusal: string | null }) {
  const [asks, setAsks] = useState(false);
  const { busy, failure, run } = useAction();
  const isPaused = model.state === 'paused';
  const isFrozen = model.baseline.state === 'frozen';
  const noBaseline =
    model.baseline.state === 'learning' || model.baseline.state === 'absent'
      ? t('baseline.nothing-to-freeze', 'There is no baseline to freeze yet.')
      : null;
  return (
    <>
      <Stack gap={1} wrap="wrap">
        <GuardedButton
          variant="secondary"
          icon={isPaused ? 'play' : 'pause'}
          disabled={busy !== null}
          refusal={operateRefusal}
          onClick={() => run('pause', () => setPaused(model.id, !isPaused))}
        >
          {isPaused ? t('model.start', 'Start') : t('model.pause', 'Pause')}
        </GuardedButton>
        <AcceptBaseline model={model} operateRefusal={operateRefusal} />
        <GuardedButton variant="secondary" icon="sync" refusal={operateRefusal} onClick={() => setAsks(true)}>
          {t('model.relearn', 'Learn a new baseline')}
        </GuardedButton>
        <GuardedButton
          variant="secondary"
          icon={isFrozen ? 'unlock' : 'lock'}
          disabled={busy !== null}
          refusal={operateRefusal ?? noBaseline}
          onClick={() => run('freeze', () => freezeBaseline(model.id, !isFrozen))}
        >
          {isFrozen ? t('baseline.unfreeze', 'Unfreeze baseline') : t('baseline.freeze', 'Freeze baseline')}
        </GuardedButton>
      </Stack>
      {failure !== null && <FailureNotice failure={failure} />}
      {asks && (
        <ReasonDialog
          title={t('model.relearn', 'Learn a new baseline')}
          confirm={t('model.relearn-confirm', 'Learn again')}
          isDestructive
          send={(reason) => resetBaseline(model.id, reason)}
          onClose={() => setAsks(false)}
        >
          <p>
            {t(
              'model.relearn-body',
              'From now on what the model does counts as normal once it is learnt. Until then only outright failures are noticed. Do this after a wanted change, never to silence an incident.'
            )}
          </p>
        </ReasonDialog>
      )}
    </>
  );
}
