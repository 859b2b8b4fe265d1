import type { Json } from '../../../domain/json.js';
import { guessedRows } from '../payloads/rows.js';
import { askByPost, type Candidate, type Connector } from './connector.js';

const HOST = /\.inference\.ml\.azure\.(com|us|cn)$/;
const PATH = /\/score\/?$/;

/**
 * Azure ML online endpoints: `input_data` for models of MLflow without code, `data` and AutoML's `Inputs` for a `score.py`,
 * which may return JSON in a text.
 */
export const azureMl: Connector = {
  id: 'azure-ml',
  describe(_context, url, authorizationSecret) {
    if (!HOST.test(url.hostname) && !PATH.test(url.pathname)) return Promise.resolve([]);
    const [row = []] = guessedRows();
    const columns = row.map((_, i) => i);
    const bodies: readonly (readonly [string, Json])[] = [
      ['input_data', { input_data: [row] }],
      ['input_data by column', { input_data: { columns, index: [0], data: [row] } }],
      ['data', { data: [row] }],
      ['Inputs', { Inputs: { data: [row] }, GlobalParameters: {} }],
    ];
    const widths = guessedRows().slice(1);
    const address = PATH.test(url.pathname) ? url.href : new URL('/score', url).href;
    const candidate = (what: string, payloads: readonly Json[]): Candidate => ({
      endpoint: { url: address, connector: 'azure-ml', settings: {}, authorizationSecret },
      payloads,
      what: `Azure ML path, ${what}`,
      isGuess: true,
    });
    return Promise.resolve([
      ...bodies.map(([what, body]) => candidate(what, [body])),
      candidate(
        'input_data of other widths',
        widths.map((other) => ({ input_data: [other] })),
      ),
      candidate(
        'data of other widths',
        widths.map((other) => ({ data: [other] })),
      ),
    ]);
  },
  ask: askByPost,
};
