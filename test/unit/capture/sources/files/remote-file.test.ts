import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretFor } from '../../../../../exporter/src/capture/sources/files/credentials.js';
import { piecesOf } from '../../../../../exporter/src/capture/sources/files/file-pieces.js';
import { openRemoteFile } from '../../../../../exporter/src/capture/sources/files/remote-file.js';
import { createEgress } from '../../../../../exporter/src/http/egress.js';
import { startFileServer, type FileServer, type Served } from '../../../../integration/servers/file-server.js';

const TABLE = Buffer.from(
  `id,age,prediction\n${Array.from({ length: 40_000 }, (_, i) => `r${i},${i % 90},${i % 3 ? 'no' : 'yes'}\n`).join('')}`,
);
const PARQUET = readFileSync(join(import.meta.dirname, '../../../../data/parquet/people.snappy.parquet'));
const SETTINGS = { mostBytes: 10_000_000, idleMs: 400, mostHeldBytes: 1_000_000 };
const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let server: FileServer;
let egress: ReturnType<typeof createEgress>;
beforeEach(async () => {
  server = await startFileServer();
  egress = createEgress({ allowHosts: [], allowCidrs: ['127.0.0.1/32'], allowPorts: [] });
});
afterEach(async () => {
  await egress.close();
  await server.close();
});

const clock = { sleep: () => Promise.resolve() };
const never = new AbortController().signal;
const opened = (path: string, more: { settings?: object; signal?: AbortSignal; key?: string } = {}) =>
  openRemoteFile(
    {
      downloads: egress,
      clock,
      authorizationFor: (url) => (url.startsWith(`${server.address}/closed/`) ? (more.key ?? null) : null),
    },
    path.startsWith('http') ? path : `${server.address}${path}`,
    null,
    { ...SETTINGS, ...more.settings },
    more.signal ?? never,
  );
const serve = (path: string, served: Served): Served => {
  server.files.set(path, served);
  return served;
};
async function textOf(path: string, more: Parameters<typeof opened>[1] = {}): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await opened(path, more)).stream().chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a file at an address', () => {
  it.each([
    ['with parts and an ETag', { ranges: true, etag: '"v1"' }],
    ['with parts and a date', { ranges: true, headers: { 'last-modified': 'Mon, 30 Nov 2026 20:00:00 GMT' } }],
    ['with nothing to tell it by', {}],
  ])('comes whole though it breaks off three times: %s', async (_, how) => {
    serve('/a.csv', { ...{ bytes: TABLE, cut: { afterBytes: 200_000, times: 3 } }, ...how });
    expect(sum(await textOf('/a.csv'))).toBe(sum(TABLE));
  });

  it('is read on where it broke off, and not from its beginning, where parts are given', async () => {
    serve('/a.csv', { bytes: TABLE, ranges: true, etag: '"v1"', cut: { afterBytes: 200_000, times: 1 } });
    await textOf('/a.csv');
    expect(server.asked.map(({ range }) => range)).toEqual([
      'bytes=0-65535',
      null,
      expect.stringMatching(/^bytes=\d{6}-$/),
    ]);
  });

  it('comes whole, each byte once, where the parts that are given are not those asked for', async () => {
    for (const blocks of [{ begin: 50_000 }, { end: 50_000 }]) {
      serve('/a.csv', { bytes: TABLE, ranges: true, etag: '"v1"', blocks, cut: { afterBytes: 100_000, times: 1 } });
      expect(sum(await textOf('/a.csv'))).toBe(sum(TABLE));
    }
  });

  it('is not begun without end where the server gives no parts and breaks off each time a little later', async () => {
    const served = serve('/a.csv', { bytes: Buffer.concat(Array.from({ length: 10 }, () => TABLE)) });
    const file = await opened('/a.csv');
    const cut = { afterBytes: 65_536, times: 1_000 };
    served.cut = cut;
    await expect(
      (async () => {
        for await (const chunk of file.stream().chunks)
          if (chunk.length > 0) cut.afterBytes = server.asked.length * 65_536;
      })(),
    ).rejects.toThrow(/broke off/);
    expect(server.asked.length).toBeLessThan(15);
  });

  it('has a name without control characters', async () => {
    serve('/a%1b%5b2J%0a.csv', { bytes: TABLE });
    expect((await opened('/a%1b%5b2J%0a.csv')).name).toBe('a�[2J�.csv');
  });

  it('is unpacked, by how it begins, also where the server packs it on the way', async () => {
    serve('/a.csv.gz', { bytes: gzipSync(TABLE), ranges: true, etag: '"v1"', cut: { afterBytes: 65_536, times: 1 } });
    serve('/export', { bytes: gzipSync(TABLE) });
    serve('/b.csv', { bytes: gzipSync(TABLE), headers: { 'content-encoding': 'gzip' } });
    for (const path of ['/a.csv.gz', '/export', '/b.csv'])
      expect([path, sum(await textOf(path))]).toEqual([path, sum(TABLE)]);
    expect((await opened('/export')).kind).toBe('csv');
  });

  it('that is changed while it is read is not put together from both', async () => {
    const changed = Buffer.from(TABLE.toString().replace('r1,1,no', 'r1,2,no'));
    for (const [path, how, after] of [
      ['/parts.csv', { ranges: true, etag: '"v1"' }, { ranges: true, etag: '"v2"' }],
      ['/plain.csv', {}, {}],
    ] as const) {
      const served = serve(path, { bytes: TABLE, ...how });
      const file = await opened(path);
      served.cut = { afterBytes: 200_000, times: 1 };
      const reading = (async () => {
        // What was begun goes on with the bytes it began with.
        for await (const chunk of file.stream().chunks)
          if (chunk.length > 0) Object.assign(served, { bytes: changed, ...after });
      })();
      await expect(reading).rejects.toThrow(/was changed while it was read/);
    }
  });

  it('has another version once it is another one', async () => {
    const served = serve('/a.csv', { bytes: TABLE, ranges: true, etag: '"v1"' });
    const { version } = await opened('/a.csv');
    expect((await opened('/a.csv')).version).toBe(version);
    served.etag = '"v2"';
    expect((await opened('/a.csv')).version).not.toBe(version);
    Object.assign(served, { etag: null, ranges: false });
    const bare = await opened('/a.csv');
    served.bytes = Buffer.from(TABLE.toString().replace('r1,1,no', 'r1,2,no'));
    expect((await opened('/a.csv')).version).not.toBe(bare.version);
  });

  it.each([
    ['/none.csv', null, /there is nothing at this address \(HTTP 404\)/],
    ['/page', { bytes: Buffer.from('<html>sign in'), headers: { 'content-type': 'text/html' } }, /a web page comes/],
    [
      '/large.csv',
      { bytes: Buffer.alloc(11_000_000, 'a'), ranges: true },
      /larger than 10 MB \(imports.maximum_size\)/,
    ],
    ['/bomb.csv.gz', { bytes: gzipSync(Buffer.alloc(60_000_000, 'a')) }, /larger than 10 MB/],
    ['/broken.csv.gz', { bytes: gzipSync(TABLE).subarray(0, 5_000) }, /packed in it \(gzip\) is broken/],
    ['/no.parquet', { bytes: TABLE }, /no Parquet file/],
    ['/busy.csv', { bytes: TABLE, status: { code: 503, times: 99 } }, /HTTP 503/],
    [
      '/round.csv',
      { bytes: TABLE, status: { code: 302, times: 99, headers: { location: '/round.csv' } } },
      /more than 5 times/,
    ],
    [
      '/meta.csv',
      { bytes: TABLE, status: { code: 302, times: 9, headers: { location: 'http://169.254.169.254/latest/' } } },
      /points to, .*may not call/,
    ],
    [
      '/file.csv',
      { bytes: TABLE, status: { code: 302, times: 9, headers: { location: 'file:///etc/passwd' } } },
      /only http and https/,
    ],
  ])('that cannot be had says why: %s', async (path, served, why) => {
    if (served !== null) serve(path, served);
    await expect(textOf(path)).rejects.toThrow(why);
  });

  it('is waited for where the server is busy for a moment, and no longer where nothing comes', async () => {
    serve('/a.csv', { bytes: TABLE, status: { code: 503, times: 2 } });
    expect(sum(await textOf('/a.csv'))).toBe(sum(TABLE));
    serve('/slow.csv', { bytes: TABLE, pauseMs: 3_000 });
    await expect(textOf('/slow.csv')).rejects.toThrow(/no complete answer within/);
    serve('/steady.csv', { bytes: TABLE, pauseMs: 50 });
    expect(sum(await textOf('/steady.csv'))).toBe(sum(TABLE));
  });

  it('is left at once when it is not wanted any more', async () => {
    serve('/steady.csv', { bytes: TABLE, pauseMs: 100 });
    const stop = new AbortController();
    const file = await opened('/steady.csv', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('not wanted')), 150);
    await expect(
      (async () => {
        for await (const chunk of file.stream().chunks) void chunk;
      })(),
    ).rejects.toThrow('not wanted');
  });

  it('is asked for with the credentials of its own address alone, also behind a redirect', async () => {
    serve('/closed/a.csv', { bytes: TABLE, authorization: 'Bearer s3cret' });
    await expect(opened('/closed/a.csv')).rejects.toThrow(/asks for credentials: `imports.credentials`/);
    await expect(opened('/closed/a.csv', { key: 'Bearer wrong' })).rejects.toThrow(/are not accepted/);
    expect(sum(await textOf('/closed/a.csv', { key: 'Bearer s3cret' }))).toBe(sum(TABLE));
    serve('/closed/moved.csv', {
      bytes: TABLE,
      status: { code: 307, times: 9, headers: { location: '/open.csv?sig=1' } },
    });
    serve('/open.csv', { bytes: TABLE });
    server.asked.splice(0);
    await opened('/closed/moved.csv', { key: 'Bearer s3cret' });
    expect(server.asked.map(({ url, authorization }) => [url, authorization])).toEqual([
      ['/closed/moved.csv', 'Bearer s3cret'],
      ['/open.csv?sig=1', null],
    ]);
  });
});

describe('a Parquet file at an address', () => {
  const rowsOf = async (path: string): Promise<string> => {
    let all = '';
    for await (const { body } of piecesOf(await opened(path), 40)) all += body;
    return sum(Buffer.from(all));
  };

  it('is read in parts, or whole where no parts are given, with the same rows', async () => {
    serve('/a.parquet', { bytes: PARQUET, ranges: true, etag: '"v1"' });
    serve('/b.parquet', { bytes: PARQUET });
    expect(await rowsOf('/a.parquet')).toBe(await rowsOf('/b.parquet'));
    expect(server.asked.filter(({ url, range }) => url === '/a.parquet' && range === null)).toEqual([]);
  });

  it('without parts is loaded when it is read, and not when it is looked at', async () => {
    const long = Buffer.concat([PARQUET.subarray(0, 4), Buffer.alloc(200_000), PARQUET.subarray(4)]);
    for (const name of ['a', 'b', 'c']) serve(`/${name}.parquet`, { bytes: long });
    const files = await Promise.all(['a', 'b', 'c'].map((name) => opened(`/${name}.parquet`)));
    const wholes = (): number => server.asked.filter(({ range }) => range === null).length;
    expect(wholes()).toBe(0);
    await files[0]?.parts?.();
    expect(wholes()).toBe(1);
  });

  it('is not held where it is large and no parts are given', async () => {
    serve('/b.parquet', { bytes: Buffer.concat([PARQUET, Buffer.alloc(2_000_000)]) });
    await expect(opened('/b.parquet')).rejects.toThrow(/does not give it in parts .* no more than 1 MB/);
  });

  it('is not read in parts that are not those asked for', async () => {
    serve('/a.parquet', { bytes: PARQUET, ranges: true, etag: '"v1"', blocks: { begin: 1_000 } });
    await expect(rowsOf('/a.parquet')).rejects.toThrow(/gives other parts than it is asked for/);
    serve('/b.parquet', { bytes: PARQUET, ranges: true, etag: '"v1"', blocks: { end: 1_000 } });
    await expect(rowsOf('/b.parquet')).rejects.toThrow(/gives other parts than it is asked for/);
  });

  it('that is changed between its parts is not read on', async () => {
    const served = serve('/a.parquet', { bytes: PARQUET, ranges: true, etag: '"v1"' });
    const file = await opened('/a.parquet');
    served.etag = '"v2"';
    await expect(
      (async () => {
        for await (const piece of piecesOf(file, 40)) void piece;
      })(),
    ).rejects.toThrow(/was changed/);
  });
});

it('sends a secret below the address it is for alone', () => {
  const credentials = [
    { address: 'https://files.example.org/exports', authorizationSecret: 'files' },
    { address: 'https://files.example.org/exports/hr/', authorizationSecret: 'hr' },
  ];
  const secrets = [
    ...[
      'exports',
      'exports/a.csv',
      'exports/hr/a.csv',
      'exports/%2e%2e/a.csv',
      'exports/..%2fa.csv',
      'exports/%5c../a',
      'exportsx/a',
    ],
  ].map((path) => secretFor(credentials, `https://files.example.org/${path}`));
  expect(secrets).toEqual(['files', 'files', 'hr', null, null, null, null]);
  for (const url of [
    'http://files.example.org/exports/a',
    'https://files.example.org:8443/exports/a',
    'https://files.example.org.evil.test/exports/a',
    'no address',
  ])
    expect([url, secretFor(credentials, url)]).toEqual([url, null]);
});
