import type { Json } from '../../domain/json.js';
import type { Endpoint } from '../../domain/model.js';
import type { Candidate } from './connectors/connector.js';
import { isNamedLikePrediction } from './path-words.js';
import { IMAGES, imageUrl } from './payloads/images.js';
import { payloadNamed, type NamedFields } from './payloads/named-fields.js';
import { SENTENCES } from './payloads/sentences.js';

/**
 * What a server asks for in the words with which it refuses other payloads: fields by their names, a list, a file or a picture, the
 * candidate labels of zero-shot classification, a question with its context, a text with a mask (huggingface/huggingface-inference-toolkit
 * `serialization/base.py`; huggingface/transformers `pipelines`).
 */
export function candidatesAskedFor(words: string, endpoint: Endpoint): readonly Candidate[] {
  const asked = (what: string, payloads: readonly Json[]): Candidate => ({ endpoint, payloads, what });
  // What takes fields that fit may also do what it is told: only a prediction is asked with them.
  const fields = isNamedLikePrediction(new URL(endpoint.url).pathname) ? payloadNamed(words) : null;
  const mask = /\bmask_token \(`?([^\s`)]{1,20})`?\)/.exec(words)?.[1];
  return [
    ...(fields === null ? [] : [fieldsAskedFor(fields, endpoint)]),
    ...(A_LIST.test(words)
      ? [
          asked(
            'list of texts',
            inLists((text) => text),
          ),
          asked('list of rows', inLists(row)),
        ]
      : []),
    ...(/candidate_labels|at least one label|'NoneType' has no len/i.test(words)
      ? [asked('text with candidate labels', SENTENCES.slice(0, 8).map(withLabels))]
      : []),
    ...(/\bquestions?\b|SquadExample/i.test(words) ? [asked('question with its context', questions())] : []),
    ...(mask === undefined ? [] : [asked('text with a mask', masked(mask))]),
    ...(FILE.test(words) || IMAGE.test(words) ? picturesAskedFor(words, endpoint) : []),
  ];
}

const A_LIST = /“Input should be a valid list|“value is not a valid list|\b(?:must|should) be an? (?:list|array)\b/i;
const row = (text: string): Json => ({ text });
const inLists = (item: (text: string) => Json): Json[] => SENTENCES.slice(0, 8).map((text) => [item(text)]);

function fieldsAskedFor({ payload, isQuery, what }: NamedFields, endpoint: Endpoint): Candidate {
  const asked = isQuery ? { ...endpoint, settings: { body: 'query' } } : endpoint;
  return { endpoint: asked, payloads: [payload], what, isOfNames: true };
}

const withLabels = (inputs: string): Json => ({
  inputs,
  parameters: { candidate_labels: ['positive', 'negative', 'neutral'] },
});
const questions = (): Json[] =>
  SENTENCES.slice(0, 8).map((context) => ({ inputs: { question: 'What is it about?', context } }));
const masked = (mask: string): Json[] =>
  ['The weather today is', 'I think this is', 'The best part of it was'].map((begin) => ({
    inputs: `${begin} ${mask}.`,
  }));

const FILE = /multipart|form-data|\bfiles?\b|\bform\b/i;
const IMAGE = /\bimages?\b/i;
const FORM_NAMES = ['file', 'image', 'data'];
const VARIANTS = [0, 1, 2];

/** A form first where a file is asked for, the bytes of a picture first where a picture is. */
function picturesAskedFor(words: string, endpoint: Endpoint): readonly Candidate[] {
  const forms = FORM_NAMES.map((name): Candidate => ({
    endpoint: { ...endpoint, connector: 'multipart' },
    payloads: VARIANTS.map((variant) => ({ [name]: imageUrl(variant) })),
    what: `form with an image as ${name}`,
  }));
  const bytes: Candidate = { endpoint, payloads: VARIANTS.map(imageUrl), what: 'bytes of an image' };
  const texts = ['inputs', 'image'].map((name): Candidate => ({
    endpoint,
    payloads: IMAGES.map((image) => ({ [name]: image })),
    what: `image in base64 as ${name}`,
  }));
  return FILE.test(words) ? [...forms, bytes, ...texts] : [bytes, ...texts, ...forms];
}
