import React from 'react';
import { useTheme2 } from '@grafana/ui';

/** A row with a bar from zero, to the right for more and to the left for less, and its interval as a thin line. */
export function Bar({ value, low, high, most, isBad }: { value: number; low?: number; high?: number; most: number; isBad?: boolean }) {
  const theme = useTheme2();
  const scale = most === 0 ? 0 : 50 / most;
  const place = (at: number) => 50 + Math.max(-50, Math.min(50, at * scale));
  const [from, to] = [Math.min(50, place(value)), Math.max(50, place(value))];
  return (
    <div aria-hidden style={{ position: 'relative', height: 16, minWidth: 120, background: theme.colors.background.secondary }}>
      <div style={{ position: 'absolute', left: '50%', top: 0, bottom: 0, width: 1, background: theme.colors.border.strong }} />
      <div style={{ position: 'absolute', top: 3, bottom: 3, left: `${from}%`, width: `${to - from}%`, background: isBad === true ? theme.colors.error.main : theme.colors.info.main }} />
      {low !== undefined && high !== undefined && (
        <div style={{ position: 'absolute', top: 7, height: 2, left: `${place(low)}%`, width: `${place(high) - place(low)}%`, background: theme.colors.text.primary }} />
      )}
    </div>
  );
}
