import { isObject, isList } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';

/** A named tensor of the Open Inference protocol, its data in one row-major list. */
export interface Tensor {
  readonly name: string;
  /** Elements of the batch. */
  readonly rows: number;
  /** Values per element of the batch. */
  readonly width: number;
  readonly values: readonly Json[];
  readonly source: JsonObject;
}

/** The tensors of a list, null where one of its elements is none. Data may be flat or nested; BYTES may be in base64. */
export function tensorsIn(value: Json | undefined): readonly Tensor[] | null {
  if (!isList(value) || value.length === 0) return null;
  const tensors = value.map(tensorOf);
  return tensors.every((tensor) => tensor !== null) ? tensors : null;
}

function tensorOf(item: Json): Tensor | null {
  if (!isObject(item) || typeof item.name !== 'string' || !isList(item.data)) return null;
  const flat = item.data.flat(8) as readonly Json[];
  const values = isBase64(item) ? flat.map(textOfBase64) : flat;
  const { shape } = item;
  const [first] = isList(shape) ? shape : [];
  const rows = typeof first === 'number' && first > 0 && values.length % first === 0 ? first : 1;
  return { name: item.name, rows, width: values.length / rows, values, source: item };
}

const isBase64 = ({ parameters, datatype }: JsonObject): boolean =>
  datatype === 'BYTES' && isObject(parameters) && parameters.content_type === 'base64';

const textOfBase64 = (value: Json): Json =>
  typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value;

/** The values of one element of the batch. */
export const rowOfTensor = ({ values, width }: Tensor, row: number): readonly Json[] =>
  values.slice(row * width, (row + 1) * width);
