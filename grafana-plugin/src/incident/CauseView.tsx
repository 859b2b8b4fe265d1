import React from 'react';
import { t } from '@grafana/i18n';
import type { Cause } from '../api/types';
import { wholePercent } from '../components/format';
import { plain, Words } from '../components/Words';

type Statement = Cause['supporting'][number];

const byWeight = (statements: Statement[]) =>
  [...statements].sort((a, b) => Math.abs(b.log_odds) - Math.abs(a.log_odds));
/** How many times more probable an argument makes a cause, from its natural log-odds: "×55". */
const timesText = (logOdds: number) => {
  const times = Math.exp(Math.abs(logOdds));
  const rounded = times < 10 ? times.toFixed(1).replace(/\.0$/, '') : String(Math.round(Math.min(times, 1_000)));
  return `${logOdds >= 0 ? '×' : '÷'}${times > 1_000 ? '1,000+' : rounded}`;
};

/** A probability in whole per cent; nothing is certain. */
export const probabilityText = (probability: number) =>
  probability > 0.99
    ? t('cause.over', 'over 99 %')
    : probability < 0.01
      ? t('cause.under', 'under 1 %')
      : wholePercent(probability);

function Arguments({ title, sign, statements }: { title: string; sign: string; statements: Statement[] }) {
  return statements.length === 0 ? null : (
    <div>
      <h3 style={{ fontSize: 14 }}>{title}</h3>
      <ul style={{ listStyle: 'none' }}>
        {statements.map(({ text, log_odds }) => (
          <li key={text} style={{ margin: '4px 0', overflowWrap: 'anywhere' }}>
            <span aria-hidden>{sign} </span>
            <Words>{text}</Words>{' '}
            <small title={t('cause.times', 'how many times more or less probable this makes the cause')}>
              {timesText(log_odds)}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}

const DECIDING = 3;

/** A cause with the three arguments that decided it; the rest, for and against, folded in. */
export function CauseView({ cause }: { cause: Cause | undefined }) {
  if (cause === undefined) {
    return <p>{t('incident.no-cause', 'No cause stands out yet.')}</p>;
  }
  const supporting = byWeight(cause.supporting);
  const rest = supporting.slice(DECIDING);
  const refuting = byWeight(cause.refuting);
  return (
    <div>
      <p>
        <strong style={{ fontSize: 16, overflowWrap: 'anywhere' }}>{plain(cause.title)}</strong> –{' '}
        {t('cause.probability', '{{share}} probable', { share: probabilityText(cause.probability) })}
        {cause.share_explained === null
          ? ''
          : `, ${t('cause.explains', 'explains {{share}} of the drop', { share: wholePercent(cause.share_explained) })}`}
      </p>
      <Arguments title={t('cause.for', 'What decided it')} sign="▲" statements={supporting.slice(0, DECIDING)} />
      {rest.length + refuting.length > 0 && (
        <details>
          <summary>
            {t('cause.more', 'All arguments ({{count}})', { count: supporting.length + refuting.length })}
          </summary>
          <Arguments title={t('cause.further', 'What else speaks for it')} sign="▲" statements={rest} />
          <Arguments title={t('cause.against', 'What speaks against it')} sign="▽" statements={refuting} />
        </details>
      )}
    </div>
  );
}
