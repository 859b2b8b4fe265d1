import React from 'react';
import { t } from '@grafana/i18n';
import type { Cause } from '../api/types';
import { percent } from '../components/format';

/** A cause with what speaks for and against it, the weightiest first. */
export function CauseView({ cause }: { cause: Cause }) {
  const list = (title: string, sign: string, statements: Cause['supporting']) =>
    statements.length === 0 ? null : (
      <div>
        <h3 style={{ fontSize: 14 }}>{title}</h3>
        <ul style={{ listStyle: 'none' }}>
          {[...statements]
            .sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds))
            .map(({ text, logOdds }) => (
              <li key={text} style={{ margin: '4px 0', overflowWrap: 'anywhere' }}>
                <span aria-hidden>{sign} </span>
                {text}{' '}
                <small
                  title={t('cause.log-odds', 'log-odds: how much it weighs')}
                >{`(${logOdds > 0 ? '+' : ''}${logOdds.toFixed(1)})`}</small>
              </li>
            ))}
        </ul>
      </div>
    );
  return (
    <div>
      <p>
        <strong style={{ fontSize: 18, overflowWrap: 'anywhere' }}>{cause.title}</strong> –{' '}
        {t('cause.probability', '{{share}} probable', { share: percent(cause.probability) })}
        {cause.shareExplained === null
          ? ''
          : `, ${t('cause.explains', 'explains {{share}} of the drop', { share: percent(cause.shareExplained) })}`}
      </p>
      {list(t('cause.for', 'What speaks for it'), '▲', cause.supporting)}
      {list(t('cause.against', 'What speaks against it'), '▽', cause.refuting)}
    </div>
  );
}
