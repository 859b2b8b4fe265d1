import { describe, expect, it } from 'vitest';
import { parseBatch, type ParsedBatch } from '../../../../exporter/src/capture/ingest/parse.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';

const NOW = Date.UTC(2026, 2, 1, 12);
const parse = (...lines: object[]): ParsedBatch =>
  parseBatch(lines.map((line) => JSON.stringify(line)).join('\n'), 'application/x-ndjson', NOW);
const features = (batch: ParsedBatch): unknown[] => batch.observations.map((row) => ({ ...row.features }));

describe('SageMaker’s data capture', () => {
  const side = (mode: string, data: string, encoding: string): object => ({
    observedContentType: 'text/csv',
    mode,
    data,
    encoding,
  });
  const line = (input: object, output: object): object => ({
    captureData: { endpointInput: input, endpointOutput: output },
    eventMetadata: { eventId: 'e1', inferenceTime: '2026-03-01T10:00:00Z' },
    eventVersion: '0',
  });

  it('in CSV is a row per line of it', () => {
    const batch = parse(line(side('INPUT', '1,2\n3,4', 'CSV'), side('OUTPUT', '0.1\n0.9', 'CSV')));
    expect(batch).toMatchObject({
      rejected: 0,
      observations: [
        { predictionId: 'e1#0', prediction: 0.1, atMs: Date.UTC(2026, 2, 1, 10) },
        { predictionId: 'e1#1', prediction: 0.9 },
      ],
    });
    expect(features(batch)).toEqual([
      { 0: 1, 1: 2 },
      { 0: 3, 1: 4 },
    ]);
  });

  it('in base64, as content types nobody declared are, and with named columns', () => {
    const packed = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
    const row = line(
      side('INPUT', packed({ instances: [[1, 2]] }), 'BASE64'),
      side('OUTPUT', packed({ predictions: [{ predicted_label: 1, score: 0.8 }] }), 'BASE64'),
    );
    const mapping = { fields: new Map(), columns: ['age', 'income'] };
    const batch = parseBatch(JSON.stringify(row), 'application/json', NOW, DEFAULT_INTAKE_LIMITS, mapping);
    expect(batch.observations).toMatchObject([{ predictionId: 'e1', prediction: 1, confidence: 0.8 }]);
    expect(features(batch)).toEqual([{ age: 1, income: 2 }]);
  });

  it('without its output is refused by name', () => {
    expect(parse(line(side('INPUT', '1,2', 'CSV'), {})).errors).toMatchObject([
      { line: 1, field: 'response', reason: 'no_prediction' },
    ]);
  });
});

describe('a row of raw payloads', () => {
  it('as Databricks’ inference tables hold it: JSON as text, one row per input, failures by status', () => {
    const row = {
      databricks_request_id: 'd1',
      timestamp_ms: Date.UTC(2026, 2, 1, 10),
      status_code: 200,
      execution_time_ms: 12,
      request: '{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,null]]}}',
      response: '{"predictions":["x","y"]}',
    };
    const batch = parse(row, { ...row, databricks_request_id: 'd2', status_code: 500, response: null });
    expect(batch.observations).toMatchObject([
      { predictionId: 'd1#0', prediction: 'x', latencySeconds: 0.012 },
      { predictionId: 'd1#1', prediction: 'y' },
      { predictionId: 'd2#0', prediction: null, failure: { reason: 'other' } },
      { predictionId: 'd2#1', prediction: null },
    ]);
    expect(features(batch)[1]).toEqual({ a: 3, b: null });
  });

  it('is not looked into where the row says its prediction itself', () => {
    expect(parse({ prediction: 1, request: {}, response: {} }).errors).toMatchObject([{ reason: 'unknown_field' }]);
  });

  it('refuses by itself the answer of one row, and takes the others', () => {
    const batch = parse({
      request: [{ a: 1 }, { a: 2 }],
      response: [{ label: 'x' }, { nothing: { of: 'it' }, here: 1 }],
    });
    expect(batch.observations).toMatchObject([{ prediction: 'x' }]);
    expect(batch.rejectedByReason).toEqual({ no_prediction: 1 });
  });
});
