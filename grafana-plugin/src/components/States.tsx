import React from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { Alert, Button, Stack } from '@grafana/ui';
import type { Failure, FailureKind } from '../api/failure';
import { PAGES } from '../constants';
import { duration } from './format';
import { PageButton } from './PageButton';

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

const TITLES: Record<FailureKind, () => string> = {
  'exporter-down': () => t('states.down', 'The exporter cannot be reached'),
  'not-configured': () => t('states.not-configured', 'The exporter is not configured'),
  'other-grafana': () => t('states.other-grafana', 'The exporter trusts another Grafana'),
  refused: () => t('states.refused', 'The exporter does not accept this connection'),
  policy: () => t('states.policy', 'You are not allowed to do this'),
  'not-found': () => t('states.not-found', 'Not found'),
  conflict: () => t('states.conflict', 'This has changed in the meantime'),
  'name-taken': () => t('states.name-taken', 'This name is taken'),
  invalid: () => t('states.invalid', 'This does not work as entered'),
  failed: () => t('states.failed', 'Something went wrong'),
};

/** Failures that somebody mends on the configuration page; a policy's refusal is not among them. */
const OF_THE_CONNECTION: readonly FailureKind[] = ['exporter-down', 'not-configured', 'refused', 'other-grafana'];

/** What failed, why, and the way on. */
export function FailureNotice({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  return (
    <Alert title={TITLES[failure.kind]()} severity="error">
      <p>{failure.message}</p>
      <Stack gap={1} wrap="wrap">
        {onRetry !== undefined && <Button onClick={onRetry}>{t('states.retry', 'Try again')}</Button>}
        {OF_THE_CONNECTION.includes(failure.kind) && (
          <PageButton variant="secondary" href={PAGES.configuration}>
            {t('states.check', 'Check the connection')}
          </PageButton>
        )}
      </Stack>
    </Alert>
  );
}

type Shown<T> = Pick<UseQueryResult<T>, 'data' | 'error' | 'dataUpdatedAt' | 'refetch'>;

/** Shows what was asked for; while it cannot be refreshed, the last answer with its age. */
export function QueryView<T>({
  query: { data, error, dataUpdatedAt, refetch },
  children,
  rows,
}: {
  query: Shown<T>;
  children: (data: T) => React.ReactNode;
  rows?: number;
}) {
  const retry = () => void refetch();
  if (data === undefined) {
    return error === null ? <Skeleton rows={rows} /> : <FailureNotice failure={error} onRetry={retry} />;
  }
  return (
    <>
      {error !== null && <StaleNotice message={error.message} atMs={dataUpdatedAt} onRetry={retry} />}
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
