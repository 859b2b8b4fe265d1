import type { Json } from '../../../domain/json.js';
import { guessedRows } from '../payloads/rows.js';
import { SENTENCES } from '../payloads/sentences.js';
import { askByPost, getJson, isRoot, type Connector } from './connector.js';

const PATH = /^.*\/api\/v(?:0\.1|1\.0)\/predictions\/?$/;

/** Seldon Core v1 (tag v1.18.2, `doc/source/reference/apis`): `{"data": {"ndarray": …}}`, or text in `strData`, below any prefix. */
export const seldon: Connector = {
  id: 'seldon',
  async describe(context, url, authorizationSecret) {
    const isTold = PATH.test(url.pathname);
    if (!isTold && !isRoot(url) && !/\/seldon\/[^/]+/.test(url.pathname)) return [];
    const base = `${url.origin}${url.pathname.replace(/\/$/, '')}/api/v1.0`;
    if (!isTold && (await getJson(context, `${base}/metadata`, authorizationSecret)) === null) return [];
    const endpoint = {
      url: isTold ? url.href : `${base}/predictions`,
      connector: 'seldon',
      settings: {},
      authorizationSecret,
    } as const;
    return [
      {
        endpoint,
        payloads: guessedRows().map((row): Json => ({ data: { ndarray: [row] } })),
        what: 'Seldon v1 path, ndarray',
        isGuess: true,
      },
      {
        endpoint,
        payloads: SENTENCES.slice(0, 8).map((strData): Json => ({ strData })),
        what: 'Seldon v1 path, text',
        isGuess: true,
      },
    ];
  },
  ask: askByPost,
};
