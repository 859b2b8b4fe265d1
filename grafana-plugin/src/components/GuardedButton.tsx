import React from 'react';
import { Button, type ButtonProps } from '@grafana/ui';

interface Props extends Pick<ButtonProps, 'variant' | 'fill' | 'size' | 'icon' | 'disabled' | 'onClick' | 'type'> {
  /** Why this person may not press it, or not now; null when they may. */
  refusal: string | null;
  children: string;
}

/** A button that says why it does nothing; without a refusal, an ordinary one. It can be reached by keyboard either way. */
export function GuardedButton({ refusal, disabled, children, ...button }: Props) {
  return (
    <Button {...button} disabled={disabled === true || refusal !== null} tooltip={refusal ?? undefined}>
      {children}
    </Button>
  );
}
