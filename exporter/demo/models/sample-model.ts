import type { JsonObject } from '../../src/domain/json.js';
import type { Clock, Random } from '../../src/domain/ports.js';

export interface SampleAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Answers one text. `signal` aborts when the caller has gone. */
export type TextPredictor = (text: string, signal: AbortSignal) => Promise<SampleAnswer>;

/** A model to watch, made to be well or to fail in one known way. One file each, registered in `index.ts`. */
export interface SampleModel {
  /** First part of its path: `POST /<name>/predict`. */
  readonly name: string;
  /** One sentence for the OpenAPI document. */
  readonly description: string;
  create(ports: { readonly clock: Clock; readonly random: Random }): TextPredictor;
}
