import type { Json } from '../../../exporter/src/domain/json.js';
import type { Reply } from '../../unit/capture/probing/model-server.js';
import { field, list, PNG, takes, textIn, type Handler, type Serving } from './serving.js';

const GRADIO_INFO: Json = {
  named_endpoints: {
    '/predict': {
      parameters: [
        { label: 'Text', type: { type: 'string' }, python_type: { type: 'str' }, component: 'Textbox' },
        {
          label: 'Language',
          type: { type: 'string', enum: ['de', 'en'] },
          python_type: { type: "Literal['de', 'en']" },
          component: 'Radio',
        },
      ],
      returns: [],
    },
  },
};
const gradioCall: Handler = takes(
  (body) => ['de', 'en'].some((choice) => choice === list(field(body, 'data'))[1]),
  { event_id: 'e1' },
  { detail: 'Value is not in the list of choices' },
);
const GRADIO_STREAM: Reply = {
  headers: { 'content-type': 'text/event-stream' },
  body: 'event: complete\ndata: [{"label":"cat","confidences":[{"label":"cat","confidence":0.6},{"label":"dog","confidence":0.4}]}]\n\n',
};
const READS_GRADIO = 'prediction from /0/label, confidence from /0/confidences (max)';

/** A function that takes a picture and gives it back with its label, as Gradio 5.9 describes it. */
const IMAGE_INFO: Json = {
  named_endpoints: {
    '/predict': {
      parameters: [
        {
          label: 'img',
          parameter_name: 'img',
          parameter_has_default: false,
          parameter_default: null,
          type: { title: 'ImageData', type: 'object', properties: { path: {}, url: {}, meta: {} } },
          python_type: { type: 'dict(path: str | None, url: str | None, meta: dict())' },
          component: 'Image',
          example_input: {
            path: 'https://raw.githubusercontent.com/gradio-app/gradio/main/test/test_files/bus.png',
            meta: { _type: 'gradio.FileData' },
            orig_name: 'bus.png',
          },
        },
      ],
      returns: [],
    },
  },
};
const UPLOADED = '/tmp/gradio/5f/files.png';
const FILE_DATA: Json = { path: UPLOADED, url: 'http://10.0.0.1/file', meta: { _type: 'gradio.FileData' } };
const imageApp = (prefix: string): Serving['routes'] => ({
  [`GET ${prefix}/info`]: { body: IMAGE_INFO },
  [`POST ${prefix}/upload`]: takes(
    (body) => typeof body === 'string' && body.includes('name="files"; filename="files.png"') && body.includes(PNG),
    [UPLOADED],
    { detail: 'no file' },
  ),
  [`POST ${prefix}/call/predict`]: takes(
    (body) => {
      const [file] = list(field(body, 'data'));
      return textIn(file, 'path') === UPLOADED && textIn(field(file, 'meta'), '_type') === 'gradio.FileData';
    },
    { event_id: 'e2' },
    { detail: 'not a file of this server' },
    422,
  ),
  [`GET ${prefix}/call/predict/e2`]: {
    headers: { 'content-type': 'text/event-stream' },
    body: `event: complete\ndata: ${JSON.stringify([
      FILE_DATA,
      { label: 'cat', confidences: [{ label: 'cat', confidence: 0.7 }] },
    ])}\n\n`,
  },
});
const READS_BESIDE_IMAGE = 'prediction from /1/label, confidence from /1/confidences (max)';
const isDataUrl = (value: Json | undefined): boolean =>
  typeof value === 'string' && value.startsWith('data:image/png;base64,');

export const gradio: readonly Serving[] = [
  {
    name: 'Gradio 5 and 6, mounted below a path, with choices',
    path: '/gradio/',
    routes: {
      'GET /gradio/gradio_api/info': { body: GRADIO_INFO },
      'POST /gradio/gradio_api/call/predict': gradioCall,
      'GET /gradio/gradio_api/call/predict/e1': GRADIO_STREAM,
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.6,
    reads: READS_GRADIO,
  },
  {
    name: 'Gradio 4',
    path: '/',
    routes: {
      'GET /info': { body: GRADIO_INFO },
      'POST /call/predict': gradioCall,
      'GET /call/predict/e1': GRADIO_STREAM,
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.6,
    reads: READS_GRADIO,
  },
  {
    name: 'Gradio 3, mounted below a path',
    path: '/demo',
    routes: {
      'GET /demo/config': { body: { version: '3.50.2', components: [], dependencies: [] } },
      'POST /demo/run/predict': takes((body) => list(field(body, 'data')).length === 1, {
        data: ['positive'],
        duration: 0.1,
      }),
    },
    connector: 'gradio',
    prediction: 'positive',
    confidence: null,
    reads: 'prediction from /0, no confidence',
  },
  {
    name: 'Gradio 5 and 6, a picture',
    path: '/',
    routes: imageApp('/gradio_api'),
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.7,
    reads: READS_BESIDE_IMAGE,
  },
  {
    name: 'Gradio 4, a picture, mounted below a path',
    path: '/demo/',
    routes: imageApp('/demo'),
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.7,
    reads: READS_BESIDE_IMAGE,
  },
  {
    name: 'Gradio 3, a picture in base64',
    path: '/',
    routes: {
      'GET /info': {
        body: {
          named_endpoints: {
            '/predict': {
              parameters: [
                {
                  label: 'img',
                  type: { type: 'string', description: 'base64 representation of an image' },
                  python_type: { type: 'str', description: 'filepath on your computer (or URL) of image' },
                  component: 'Image',
                  example_input: 'https://raw.githubusercontent.com/gradio-app/gradio/main/test/test_files/bus.png',
                },
              ],
              returns: [],
            },
          },
        },
      },
      'POST /run/predict': takes((body) => isDataUrl(list(field(body, 'data'))[0]), {
        data: [{ label: 'cat', confidences: [{ label: 'cat', confidence: 0.7 }] }],
      }),
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.7,
    reads: READS_GRADIO,
  },
  {
    name: 'Gradio 3 by its configuration, a picture, a choice and a number',
    path: '/',
    routes: {
      'GET /config': {
        body: {
          version: '3.9',
          components: [
            { id: 3, type: 'image', props: { source: 'upload' } },
            { id: 4, type: 'radio', props: { choices: ['de', 'en'] } },
            { id: 5, type: 'slider', props: { value: 0.5 } },
          ],
          dependencies: [{ inputs: [3, 4, 5], outputs: [6], api_name: 'predict' }],
        },
      },
      'POST /run/predict': takes(
        (body) => {
          const [image, choice, number] = list(field(body, 'data'));
          return isDataUrl(image) && (choice === 'de' || choice === 'en') && typeof number === 'number';
        },
        { data: ['positive'] },
        { error: 'bad input' },
        500,
      ),
    },
    connector: 'gradio',
    prediction: 'positive',
    confidence: null,
    reads: 'prediction from /0, no confidence',
  },
  {
    name: 'Gradio 5 by its configuration, a picture',
    path: '/demo',
    routes: {
      ...imageApp('/demo/gradio_api'),
      'GET /demo/gradio_api/info': { status: 500, body: 'Internal Server Error' },
      'GET /demo/config': {
        body: {
          version: '5.9.1',
          api_prefix: '/gradio_api',
          protocol: 'sse_v3',
          components: [
            { id: 13, type: 'image', props: { label: 'picture' } },
            { id: 16, type: 'label', props: {} },
          ],
          dependencies: [
            { inputs: [], outputs: [13], api_name: 'js_fn', show_api: false, backend_fn: false },
            { inputs: [13], outputs: [13, 16], api_name: 'predict', show_api: true, backend_fn: true },
          ],
        },
      },
    },
    connector: 'gradio',
    prediction: 'cat',
    confidence: 0.7,
    reads: READS_BESIDE_IMAGE,
  },
];
