import { describe, expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { NO_MAPPING } from '../../../../exporter/src/domain/field-mapping.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';

const parse = (body: string): ParsedBatch =>
  parseBatch(body, 'text/csv', Date.UTC(2026, 10, 28, 12), DEFAULT_INTAKE_LIMITS, NO_MAPPING, 'observations');

describe('a table as Excel writes it in half of Europe', () => {
  it('is told where its numbers are read as texts, once a feature', () => {
    const batch = parse('income;tenure;prediction\n24582,04;4,6;yes\n-0,125;,5;no\n10342,073;7;no\n');
    expect(batch.observations).toHaveLength(3);
    expect(batch.notes).toMatchObject([
      { reason: 'decimal_comma', field: 'income', rows: 3, line: 2 },
      { reason: 'decimal_comma', field: 'tenure', rows: 2, line: 2 },
    ]);
  });

  it.each(['1,234', '12,345', 'a,5', '1,5,2', '1,', '5 Hauptstr. 7,2'])('takes %s for no such number', (cell) => {
    expect(parse(`x;prediction\n${cell};yes\n`).notes).toEqual([]);
  });

  it.each(['confidence', 'latency_ms'])('has a %s that is refused with what to write', (field) => {
    const { errors } = parse(`x;prediction;${field}\n1;yes;0,8686\n`);
    expect(errors[0]?.message).toMatch(/write its decimal comma as a point$/);
  });
});
