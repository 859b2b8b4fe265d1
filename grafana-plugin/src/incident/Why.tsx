import React from 'react';
import { t } from '@grafana/i18n';
import type { Diagnosis } from '../api/types';
import { plain, Words } from '../components/Words';
import { CauseView, probabilityText } from './CauseView';

const CONSIDERED = 5;

/** The most probable cause and what decided it; what else was considered, and why not. */
export function Why({ causes: [cause, ...others] }: Pick<Diagnosis, 'causes'>) {
  return (
    <>
      <CauseView cause={cause} />
      {others.length > 0 && (
        <>
          <h3 style={{ fontSize: 14, marginTop: 12 }}>{t('incident.considered', 'What else was considered')}</h3>
          <ul style={{ listStyle: 'none' }}>
            {others.slice(0, CONSIDERED).map(({ id, title, probability, refuting, features }) => (
              <li key={`${id}${features.join()}`} style={{ margin: '4px 0', overflowWrap: 'anywhere' }}>
                <strong>{plain(title)}</strong> ({probabilityText(probability)}):{' '}
                <Words>{refuting[0]?.text ?? t('incident.less-fitting', 'fits the evidence less well.')}</Words>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
