import React, { useId, useState } from 'react';
import { t } from '@grafana/i18n';
import { Button, Field, Modal, TextArea } from '@grafana/ui';
import { FailureNotice } from './States';
import { useAction } from './useAction';

/** The exporter wants at least this many characters; see governance/ballot.ts there. */
const LEAST_REASON = 3;

interface Props {
  title: string;
  /** What happens then, for whoever is about to do it. */
  children?: React.ReactNode;
  confirm: string;
  reasonLabel?: string;
  leastReason?: number;
  isDestructive?: boolean;
  /** Why the rest of the form is not ready; null when it is. */
  incomplete?: string | null;
  send: (reason: string) => Promise<unknown>;
  onClose: () => void;
  /** Called after it worked. */
  onDone?: () => void;
}

/** Asks why before something is done that goes into the audit log; stays open, with the reason kept, when it fails. */
export function ReasonDialog({
  title,
  children,
  confirm,
  reasonLabel,
  leastReason = LEAST_REASON,
  isDestructive,
  incomplete = null,
  send,
  onClose,
  onDone,
}: Props) {
  const id = useId();
  const [reason, setReason] = useState('');
  const { busy, failure, run } = useAction();
  const missing = leastReason - reason.trim().length;
  const tooShort =
    missing > 0
      ? t('reason.short', 'The reason needs {{count}} more characters; it goes into the audit log.', { count: missing })
      : null;
  const obstacle = incomplete ?? tooShort;
  const confirmed = async () => {
    if (await run('send', () => send(reason.trim()))) {
      onClose();
      onDone?.();
    }
  };
  return (
    <Modal isOpen title={title} onDismiss={onClose}>
      {children}
      <Field label={reasonLabel ?? t('reason.why', 'Why')} htmlFor={id}>
        <TextArea
          id={id}
          rows={3}
          maxLength={4_096}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      </Field>
      {failure !== null && <FailureNotice failure={failure} />}
      <Modal.ButtonRow leftItems={obstacle === null ? null : <span role="note">{obstacle}</span>}>
        <Button variant="secondary" fill="outline" onClick={onClose}>
          {t('reason.cancel', 'Cancel')}
        </Button>
        <Button
          variant={isDestructive === true ? 'destructive' : 'primary'}
          disabled={obstacle !== null || busy !== null}
          onClick={confirmed}
        >
          {busy === null ? confirm : t('reason.sending', 'Sending…')}
        </Button>
      </Modal.ButtonRow>
    </Modal>
  );
}
