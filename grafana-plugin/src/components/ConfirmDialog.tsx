import React from 'react';
import { t } from '@grafana/i18n';
import { Button, Modal } from '@grafana/ui';
import { FailureNotice } from './States';
import { useAction } from './useAction';

interface Props {
  title: string;
  /** What happens then, for whoever is about to do it. */
  children: React.ReactNode;
  confirm: string;
  /** Why it cannot be confirmed yet; null when it can. */
  obstacle: string | null;
  send: () => Promise<unknown>;
  onClose: () => void;
  onDone: () => void;
}

/** Asks once more before something that cannot be undone; stays open when it fails. */
export function ConfirmDialog({ title, children, confirm, obstacle, send, onClose, onDone }: Props) {
  const { busy, failure, run } = useAction();
  const confirmed = async () => {
    if (await run('send', send)) {
      onClose();
      onDone();
    }
  };
  return (
    <Modal isOpen title={title} onDismiss={onClose}>
      {children}
      {failure !== null && <FailureNotice failure={failure} />}
      <Modal.ButtonRow leftItems={obstacle === null ? null : <span role="note">{obstacle}</span>}>
        <Button variant="secondary" fill="outline" onClick={onClose}>
          {t('reason.cancel', 'Cancel')}
        </Button>
        <Button variant="destructive" disabled={obstacle !== null || busy !== null} onClick={confirmed}>
          {busy === null ? confirm : t('reason.sending', 'Sending…')}
        </Button>
      </Modal.ButtonRow>
    </Modal>
  );
}
