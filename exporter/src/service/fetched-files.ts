import type { PastFilePorts } from '../application/past-file-ports.js';
import { BatchReader } from '../capture/ingest/batch-reader.js';
import { secretFor } from '../capture/sources/files/credentials.js';
import { piecesOf, ROWS_PER_PIECE, type OpenFile } from '../capture/sources/files/file-pieces.js';
import { parquetPiecesInThread } from '../capture/sources/files/parquet-thread.js';
import { previewOf } from '../capture/sources/files/preview.js';
import { openRemoteFile } from '../capture/sources/files/remote-file.js';
import { addressWithoutSecrets } from '../domain/shown-address.js';
import type { Foundation } from './foundation.js';

const IDLE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;
/** What is held of a file at once, beside the rows that are read of it. */
const HELD = {
  documentBytes: 32 * MEBIBYTE,
  fileBytes: 128 * MEBIBYTE,
  parquet: { largest: { bytes: 64 * MEBIBYTE, cells: 2_000_000 }, heapMebibytes: 256 },
};
/** What changes each time an address is signed anew. */
const SIGNED = /^(x-amz-|x-goog-|x-oss-|awsaccesskeyid$|expires$|policy$|key-pair-id$)/i;
/** The same of Azure, whose names are short: beside its signature alone. */
const SIGNED_BESIDE_SIG = /^(s[ptevr]|sk[a-z]{1,2})$/i;

/** Opens files of past rows at http addresses, by the egress policy and with the credentials of the configuration. */
export function wirePastFiles({ config, clock, http, hash, authorizationOf }: Foundation): PastFilePorts {
  const batches = new BatchReader(() => config.current().intake);
  const settings = (): Foundation['started']['imports'] => config.current().imports;
  const remote = {
    downloads: http,
    clock,
    authorizationFor(url: string) {
      const secret = secretFor(settings().credentials, url);
      return secret === null ? null : authorizationOf(secret);
    },
  };
  return {
    async open(url, format, signal) {
      const limits = { mostBytes: settings().mostBytes, idleMs: IDLE_MS, mostHeldBytes: HELD.fileBytes };
      const file: OpenFile & { readonly version: string } = {
        ...(await openRemoteFile(remote, url, format, limits, signal)),
        most: {
          documentBytes: HELD.documentBytes,
          parquetPieces: (bytes, rows) => parquetPiecesInThread(bytes, rows, HELD.parquet, signal),
        },
      };
      return {
        name: file.name,
        mark: { key: hash(`place ${unsigned(url)}`), version: hash(`file ${file.version}`) },
        sizeBytes: file.sizeBytes,
        async preview(model, said) {
          const pieces = piecesOf(file, ROWS_PER_PIECE);
          const first: IteratorResult<Parameters<typeof previewOf>[0], unknown> = await pieces.next();
          await pieces.return(undefined);
          return first.done === true ? null : previewOf(first.value, batches, model, said, clock.now());
        },
        pieces: () => piecesOf(file, ROWS_PER_PIECE),
      };
    },
    readRows: ({ body, contentType }, nowMs, model, said) =>
      batches.read(body, contentType, nowMs, model, said, 'past'),
    mostMs: () => settings().mostMs,
  };
}

/** What tells a file's place from others: an address that is signed anew is the same place. */
export function unsigned(url: string): string {
  const isAzure = new URL(url).searchParams.has('sig');
  const address = new URL(addressWithoutSecrets(url));
  for (const name of [...address.searchParams.keys()])
    if (SIGNED.test(name) || (isAzure && SIGNED_BESIDE_SIG.test(name))) address.searchParams.delete(name);
  return address.href;
}
