import React from 'react';
import { t } from '@grafana/i18n';
import { Badge, type BadgeColor } from '@grafana/ui';
import type { GoldenInput } from '../api/types';
import { figure } from '../components/format';
import { Section, Table } from '../components/Section';

const VERDICTS: Record<GoldenInput['verdict'], { text: () => string; colour: BadgeColor }> = {
  same: { text: () => t('golden.same', 'same answer'), colour: 'green' },
  'answer-changed': { text: () => t('golden.changed', 'another answer'), colour: 'red' },
  'confidence-moved': { text: () => t('golden.moved', 'confidence moved'), colour: 'orange' },
  noisy: { text: () => t('golden.noisy', 'always varied'), colour: 'blue' },
  unanswered: { text: () => t('golden.unanswered', 'not compared yet'), colour: 'darkgrey' },
};

/** One sentence over all golden inputs: whether it is the model that changed. */
function summaryOf(inputs: GoldenInput[]): string {
  const of = (...verdicts: Array<GoldenInput['verdict']>) =>
    inputs.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const compared = inputs.length - of('unanswered');
  const moved = of('answer-changed', 'confidence-moved');
  if (compared === 0) {
    return t(
      'golden.none-compared',
      'No golden input was answered both in the baseline and now, so whether the model itself changed cannot be told.'
    );
  }
  return moved === 0
    ? t(
        'golden.all-same',
        'The {{count}} compared are answered as in the baseline: what differs comes from the data, not from the model.',
        { count: compared }
      )
    : t(
        'golden.some-moved',
        '{{moved}} of {{count}} compared are answered differently: the model or its serving changed.',
        { moved, count: compared }
      );
}

const shift = ({ confidence_before, confidence_now }: GoldenInput) => {
  const difference = confidence_before === null || confidence_now === null ? null : confidence_now - confidence_before;
  return difference === null ? '–' : `${difference >= 0 ? '+' : '−'}${figure(Math.abs(difference), 2)}`;
};

/** The same questions in every round, and how their answers moved. Inputs are shown when somebody chose them; answers never leave the exporter. */
export function Golden({ inputs }: { inputs: GoldenInput[] }) {
  return (
    <Section title={t('model.golden', 'Golden inputs: same questions, same answers?')}>
      <p>
        {inputs.length === 0
          ? t('golden.none', 'This model has no golden inputs. Choose some when you connect it.')
          : summaryOf(inputs)}
      </p>
      {inputs.length > 0 && (
        <Table
          head={[
            t('model.golden-id', 'Input'),
            t('golden.verdict', 'Now'),
            t('golden.confidence', 'Confidence'),
            t('golden.shift', 'Moved by'),
            t('golden.tolerance', 'Tolerance'),
            t('golden.answers', 'Answers (different ones)'),
            t('model.golden-origin', 'Chosen by'),
          ]}
          rows={inputs.map((input) => ({
            key: input.id,
            cells: [
              <span key="i">
                <code>{input.id}</code>
                {input.input !== null && (
                  <details>
                    <summary>{t('golden.show', 'the input')}</summary>
                    <code style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{input.input}</code>
                  </details>
                )}
              </span>,
              <Badge key="v" text={VERDICTS[input.verdict].text()} color={VERDICTS[input.verdict].colour} />,
              `${figure(input.confidence_before)} → ${figure(input.confidence_now)}`,
              shift(input),
              figure(input.confidence_tolerance, 2),
              t('golden.counts', '{{before}} ({{distinctBefore}}) → {{now}} ({{distinctNow}})', {
                before: input.answers_before,
                distinctBefore: input.distinct_before,
                now: input.answers_now,
                distinctNow: input.distinct_now,
              }),
              input.origin === 'user' ? t('model.by-you', 'you') : t('model.by-mlfi', 'mlfi'),
            ],
          }))}
        />
      )}
    </Section>
  );
}
