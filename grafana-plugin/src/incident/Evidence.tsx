import React from 'react';
import { t } from '@grafana/i18n';
import type { Finding } from '../api/types';
import { figure, subjectText, titled } from '../components/format';
import { Table } from '../components/Section';
import { Words } from '../components/Words';

/** Everything detectors found, with the figures behind each. */
export function Evidence({ findings }: { findings: Finding[] }) {
  return (
    <Table
      head={[
        t('evidence.subject', 'Signal'),
        t('evidence.check', 'Check'),
        t('evidence.before', 'Before'),
        t('evidence.now', 'Now'),
        t('evidence.statistic', 'Statistic (threshold)'),
        t('evidence.words', 'In words'),
      ]}
      rows={findings.map(({ detector, subject, before, now, statistic, threshold, sentence }) => ({
        key: `${detector}${subject}`,
        cells: [
          subjectText(subject),
          titled(detector),
          figure(before),
          figure(now),
          `${titled(statistic.name)} ${figure(statistic.value)} (${figure(threshold)})`,
          <Words key="w">{sentence}</Words>,
        ],
      }))}
    />
  );
}
