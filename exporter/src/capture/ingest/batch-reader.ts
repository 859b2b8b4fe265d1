import { NO_MAPPING, type FieldMapping } from '../../domain/field-mapping.js';
import type { IntakeLimits } from '../../domain/ingest.js';
import type { ExpectedRows } from './event.js';
import { namedModels } from './named-models.js';
import { parseBatch, parseLines, type ParsedBatch } from './parse.js';

export interface BatchSettings extends IntakeLimits {
  /** What the configuration says of the fields of each model. */
  readonly models: ReadonlyMap<string, FieldMapping>;
}

/** Reads batches of logged predictions within the limits, and by the field mappings, of the configuration. */
export class BatchReader {
  /** @param settings read at every use */
  constructor(private readonly settings: () => BatchSettings) {}

  /**
   * @param contentType as in the HTTP header, empty when absent
   * @param model whose rows they are; empty where that is not known yet
   * @param expected what a row is meant as that is neither
   * @param said what the sender says of its fields; comes before what the configuration says
   */
  read(
    body: string,
    contentType: string,
    nowMs: number,
    model: string,
    said: FieldMapping['fields'] = NO_MAPPING.fields,
    expected: ExpectedRows = 'observations',
  ): ParsedBatch {
    const settings = this.settings();
    const known = settings.models.get(model) ?? NO_MAPPING;
    const mapping = { ...known, fields: new Map([...known.fields, ...said]) };
    return parseBatch(body, contentType, nowMs, settings, mapping, expected);
  }

  /**
   * Reads lines that are not one body: each is a row, or refused by itself.
   * @param taken called for every row that is taken, with its 1-based line
   */
  readLines(lines: readonly string[], nowMs: number, model: string, taken: (line: number) => void): ParsedBatch {
    const settings = this.settings();
    return parseLines(lines, nowMs, settings, settings.models.get(model) ?? NO_MAPPING, taken);
  }

  /** What the rows of a JSON body say under `model_id`, each once, as sent; null for rows that name no model. */
  namedModels(body: string): readonly unknown[] {
    return namedModels(body, this.settings());
  }
}
