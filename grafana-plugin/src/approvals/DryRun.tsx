import React from 'react';
import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { recommendationQuery } from '../api/decisions';

/** What the executor says it would do. Lists do not carry it: the target is asked while this is on the screen. */
export function DryRun({ id }: { id: string }) {
  const { data, error } = useQuery(recommendationQuery(id));
  if (error !== null) {
    return <span>{t('decision.no-dry-run', 'The dry run could not be read: {{why}}', { why: error.message })}</span>;
  }
  return (
    <code style={{ whiteSpace: 'pre-wrap' }}>
      {data === undefined ? t('decision.asking', 'Asking the target…') : data.dry_run}
    </code>
  );
}
