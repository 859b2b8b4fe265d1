import React from 'react';
import { render } from '@testing-library/react';
import { anIncident } from '../test-data';
import { headlineOf, whatBroke } from '../incident/Headline';
import { basisText, costText, impactOf } from '../incident/impact';
import { subjectText, titled } from './format';
import { plain, shortened, Words } from './Words';

describe('sentences of the exporter', () => {
  it('show names in backticks as code, and no backtick', () => {
    const { container } = render(<Words>{'`income` moved, and `age` too; a lone ` stays'}</Words>);
    expect([...container.querySelectorAll('code')].map(({ textContent }) => textContent)).toEqual(['income', 'age']);
    expect(plain('`income` moved')).toBe('income moved');
  });
  it('are cut at a word', () => {
    expect(shortened('one two three', 9)).toBe('one two…');
    expect(shortened('one', 9)).toBe('one');
    expect(shortened('x'.repeat(20), 9)).toHaveLength(9);
  });
  it('begin with a capital where they are identifiers', () => {
    expect([titled('answer-schema'), titled('ks'), subjectText('feature:hours-per-week'), subjectText('rows')]).toEqual(
      ['Answer schema', 'KS', 'hours-per-week', 'Rows']
    );
  });
});

describe('the headline', () => {
  const incident = anIncident();
  it.each([
    ['a short model', incident, 90],
    [
      'a long model and a long cause',
      anIncident({ model_id: 'a-very-long-name'.repeat(6), explanation: incident.explanation }),
      90,
    ],
  ])('holds at most 90 characters for %s', (_, told, most) => {
    const { model, text } = headlineOf(told, Date.now() - 60_000);
    expect(`${model}: ${text}`.length).toBeLessThanOrEqual(most);
    expect(text).toMatch(/since .* \(1 min\)$/);
  });
  it('says what was found where no cause is known, and how long it lasted when it is over', () => {
    const diagnosis = { ...incident.diagnosis, causes: [{ ...incident.diagnosis.causes[0], id: 'unknown' as const }] };
    const explanation = {
      headline: 'fraud: 2 findings, but no known cause explains them.',
      summary: null,
      paragraphs: [],
    };
    expect(whatBroke({ ...incident, diagnosis, explanation })).toBe('2 findings, but no known cause explains them');
    const closed = { ...incident, closed_at_ms: incident.opened_at_ms + 7_200_000 };
    expect(headlineOf(closed, incident.opened_at_ms).text).toMatch(/over; lasted 2 h$/);
  });
});

describe('the cost', () => {
  const impact = {
    harm: 'no-answer' as const,
    share: 0.004,
    interval: { low: 0, high: 0.02, level: 0.95 },
    basis: 'golden' as const,
    sentence: '',
  };
  it('is told of a hundred, with its interval and how it is known', () => {
    const read = impactOf(impact);
    expect(read === null ? null : [costText(read), basisText(read)]).toEqual([
      'About fewer than 1 of 100 calls get no answer',
      '0 to 2; estimated from golden inputs',
    ]);
  });
  it('is not made up where the exporter says nothing', () => {
    expect(impactOf(null)).toBeNull();
  });
});
