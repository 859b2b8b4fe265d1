import React from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button, LinkButton, Stack } from '@grafana/ui';
import type { Failure } from '../api/client';
import type { Live } from '../api/useLive';
import { PAGES } from '../constants';
import { duration } from './format';

/** Grey blocks where the content will be. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label={t('states.loading', 'Loading')} data-testid="mlfi-loading">
      {Array.from({ length: rows }, (_, row) => (
        <div
          key={row}
          style={{
            height: 28,
            margin: '10px 0',
            borderRadius: 4,
            opacity: 0.12,
            background: 'currentColor',
            width: `${100 - ((row * 13) % 40)}%`,
          }}
        />
      ))}
    </div>
  );
}

const TITLES: Record<Failure['kind'], () => string> = {
  'exporter-down': () => t('states.down', 'The exporter cannot be reached'),
  'not-configured': () => t('states.not-configured', 'The exporter is not configured'),
  refused: () => t('states.refused', 'The exporter refuses'),
  'not-found': () => t('states.not-found', 'There is no such thing'),
  conflict: () => t('states.conflict', 'Somebody was faster'),
  invalid: () => t('states.invalid', 'That cannot be done'),
  failed: () => t('states.failed', 'Something went wrong'),
};

/** What failed, why, and the way on. */
export function FailureNotice({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  return (
    <Alert title={TITLES[failure.kind]()} severity="error">
      <p>{failure.message}</p>
      <Stack gap={1} wrap="wrap">
        {onRetry !== undefined && <Button onClick={onRetry}>{t('states.retry', 'Try again')}</Button>}
        {['exporter-down', 'not-configured', 'refused'].includes(failure.kind) && (
          <LinkButton variant="secondary" href={PAGES.configuration}>
            {t('states.check', 'Check the connection')}
          </LinkButton>
        )}
      </Stack>
    </Alert>
  );
}

/** Shows live data; while it cannot be refreshed, the last that came with its age. */
export function LiveView<T>({
  live,
  children,
  rows,
}: {
  live: Live<T>;
  children: (data: T) => React.ReactNode;
  rows?: number;
}) {
  const { data, failure, atMs, refresh } = live;
  if (data === null) {
    return failure === null ? <Skeleton rows={rows} /> : <FailureNotice failure={failure} onRetry={refresh} />;
  }
  return (
    <>
      {failure !== null && atMs !== null && <StaleNotice message={failure.message} atMs={atMs} onRetry={refresh} />}
      {children(data)}
    </>
  );
}

function StaleNotice({ message, atMs, onRetry }: { message: string; atMs: number; onRetry: () => void }) {
  const [nowMs, setNowMs] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <Alert
      severity="warning"
      title={t('states.stale', 'Not up to date: this was {{age}} ago', { age: duration(nowMs - atMs) })}
    >
      <p>{message}</p>
      <Button size="sm" variant="secondary" onClick={onRetry}>
        {t('states.retry', 'Try again')}
      </Button>
    </Alert>
  );
}
