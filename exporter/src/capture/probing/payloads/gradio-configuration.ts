import { isList, isObject } from '../../../domain/json.js';
import type { Json, JsonObject } from '../../../domain/json.js';
import { FILE_EXAMPLE } from './gradio-files.js';

/** A component may be named many times over. */
const MOST_INPUTS = 64;
const MOST_CHOICES = 64;

/** How the functions of a Gradio app are called. */
export type GradioApi = 'call' | 'run';

/**
 * The functions of an app by its configuration (gradio `Blocks.get_config`), in the form of its `/info`: where that is missing (before
 * 3.20) or fails (5.9 with a newer pydantic answers 500 for every app that takes a file).
 */
export function describedByConfiguration(config: JsonObject): {
  readonly functions: JsonObject;
  readonly api: GradioApi;
  readonly prefix: string;
} {
  const { components, dependencies, version, api_prefix: prefix } = config;
  const api = typeof version === 'string' && Number.parseInt(version, 10) >= 4 ? 'call' : 'run';
  const byId = new Map(
    (isList(components) ? components : []).filter(isObject).map((component) => [component.id, component]),
  );
  const functions = (isList(dependencies) ? dependencies : []).filter(isObject).flatMap((one): [string, Json][] => {
    const { api_name: name, inputs, backend_fn: runsHere, show_api: isShown } = one;
    if (typeof name !== 'string' || !isList(inputs) || runsHere === false || isShown === false) return [];
    return [
      [`/${name}`, { parameters: inputs.slice(0, MOST_INPUTS).map((id) => parameterOf(byId.get(id) ?? {}, api)) }],
    ];
  });
  return { functions: Object.fromEntries(functions), api, prefix: typeof prefix === 'string' ? prefix : '' };
}

const OF_FILES: ReadonlyMap<string, Json> = new Map<string, Json>(
  Object.entries({
    image: FILE_EXAMPLE,
    file: FILE_EXAMPLE,
    uploadbutton: FILE_EXAMPLE,
    imageeditor: { background: FILE_EXAMPLE, layers: [], composite: FILE_EXAMPLE },
    gallery: [{ image: FILE_EXAMPLE, caption: null }],
  }),
);

function parameterOf({ type, props = null }: JsonObject, api: GradioApi): Json {
  const kind = typeof type === 'string' ? type : '';
  const { choices, value = null, file_count: count = 'single' } = isObject(props) ? props : {};
  if (kind === 'textbox') return { type: { type: 'string' } };
  if (isList(choices))
    return { type: { enum: choices.slice(0, MOST_CHOICES).map((one) => (isList(one) ? (one[1] ?? null) : one)) } };
  const file = api === 'call' ? OF_FILES.get(kind) : undefined;
  if (file !== undefined) return { component: kind, example_input: count === 'single' ? file : [file] };
  return { component: kind, example_input: value ?? (kind === 'number' || kind === 'slider' ? 1 : null) };
}
