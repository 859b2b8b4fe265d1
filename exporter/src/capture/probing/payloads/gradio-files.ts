import { isList, isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { fileIn, imageUrl } from './images.js';

/** Files in what a Gradio function takes and gives (gradio `data_classes.py` `FileData`; for 3.x `components/file.py`). */
const FILE_DATA = 'gradio.FileData';
/** Where a file belongs in an example. */
export const FILE_EXAMPLE: Json = { meta: { _type: FILE_DATA } };
const isFileData = (value: Json): value is JsonObject =>
  isObject(value) && isObject(value.meta ?? null) && isObject(value.meta) && value.meta._type === FILE_DATA;
const SOUNDS_AND_FILMS = new Set(['audio', 'video', 'model3d', 'microphone']);

/** A picture where a parameter takes a file, in the form of its example; null for other parameters, and for sounds and films. */
export function fileFor(parameter: JsonObject, variant: number): Json {
  const { component, example_input: example = null } = parameter;
  const kind = typeof component === 'string' ? component.toLowerCase() : '';
  if (SOUNDS_AND_FILMS.has(kind)) return null;
  const filled = replaced(example, (value) => (isFileData(value) ? imageUrl(variant) : undefined));
  if (JSON.stringify(filled) !== JSON.stringify(example)) return filled;
  // 3.x describes an image by a text, and a file by its name.
  if (kind === 'image') return imageUrl(variant);
  return kind === 'file' ? { name: 'image.png', data: imageUrl(variant), is_file: false } : null;
}

/** The files of a payload: texts that are `data:` addresses. */
export function filesIn(payload: Json): string[] {
  if (typeof payload === 'string') return fileIn(payload) === null ? [] : [payload];
  if (isList(payload)) return payload.flatMap(filesIn);
  return isObject(payload) ? Object.values(payload).flatMap(filesIn) : [];
}

/** A payload with each file as what the server was given it as. */
export const withFiles = (payload: Json, pathOf: ReadonlyMap<string, string>): Json =>
  replaced(payload, (value) => {
    const path = typeof value === 'string' ? pathOf.get(value) : undefined;
    if (typeof value !== 'string' || path === undefined) return undefined;
    const type = fileIn(value)?.type ?? null;
    return { path, orig_name: path.split(/[\\/]/).at(-1) ?? null, mime_type: type, meta: { _type: FILE_DATA } };
  });

/** Outputs of a function without its files, which say nothing of what the model thinks. */
export const withoutFiles = (outputs: Json): Json =>
  replaced(outputs, (value) =>
    isFileData(value) || (isObject(value) && typeof value.is_file === 'boolean') ? null : undefined,
  );

const DEEPEST = 20;

/** What `replace` gives for a part, where that is not undefined. */
function replaced(value: Json, replace: (part: Json) => Json | undefined, depth = 0): Json {
  const instead = replace(value);
  if (instead !== undefined) return instead;
  if (depth > DEEPEST) return value;
  if (isList(value)) return value.map((item) => replaced(item, replace, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, replace, depth + 1)]));
}
