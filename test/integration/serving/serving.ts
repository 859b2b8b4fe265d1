import { isObject } from '../../../exporter/src/domain/json.js';
import type { Json } from '../../../exporter/src/domain/json.js';
import type { ConnectorId } from '../../../exporter/src/domain/model.js';
import type { Prediction } from '../../../exporter/src/domain/observation.js';
import type { Asked, Reply, Routes } from '../../unit/capture/probing/model-server.js';

/** A server as its protocol's own document describes it: it refuses what the real one refuses. */
export interface Serving {
  readonly name: string;
  /** Where the user points. */
  readonly path: string;
  readonly routes: Routes;
  readonly connector: ConnectorId;
  /** Null: any number, for an embedding. */
  readonly prediction: Prediction;
  readonly confidence: number | null;
  /** What discovery says it read. */
  readonly reads: string;
  /** One payload the user gives, where the address alone is not enough. */
  readonly payload?: Json;
}

export type Handler = (asked: Asked) => Reply;
/** Answers a body the check accepts; any other gets the server's refusal. */
export const takes =
  (accepts: (body: Json) => boolean, answer: Json, refusal: Json = { error: 'invalid input' }, status = 400): Handler =>
  ({ body }) =>
    accepts(body) ? { body: answer } : { status, body: refusal };

export const list = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : [];
export const field = (value: Json | undefined, name: string): Json => (isObject(value) ? (value[name] ?? null) : null);
export const textIn = (value: Json | undefined, name: string): string => {
  const text = field(value, name);
  return typeof text === 'string' ? text : '';
};
export const isRow = (value: Json | undefined, width: number): boolean =>
  list(value).length === width && list(value).every((cell) => typeof cell === 'number');
export const only = (body: Json, name: string): boolean => isObject(body) && Object.keys(body).join() === name;
/** An embedding. */
export const VECTOR: Json = Array.from({ length: 32 }, (_, i) => Math.sin(i));
/** How a PNG begins. */
export const PNG = '\u0089PNG\r\n';
export const isPicture = (body: Json): boolean => typeof body === 'string' && body.startsWith(PNG);
