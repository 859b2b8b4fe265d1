import { createHash, type Hash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { AsyncBuffer } from 'hyparquet';
import { BrokenOff, type Download } from '../../../domain/download.js';
import type { Clock } from '../../../domain/ports.js';
import { kindOfFile, kindOfText, type FileKind, type OpenFile } from './file-pieces.js';
import { answerOf, Unreachable, type RemotePorts } from './remote-answer.js';
import { ifRangeOf, isPartAskedFor, isSameVersion, versionOf, type RemoteVersion } from './remote-version.js';

export interface RemoteSettings {
  /** Of a file, as sent and unpacked. */
  readonly mostBytes: number;
  /** So long may nothing come. */
  readonly idleMs: number;
  /** What a file is held of at once that cannot be read in parts. */
  readonly mostHeldBytes: number;
}

/** A file of past rows at an http address. */
export interface RemoteFile extends OpenFile {
  /** Another text where the file is another one, as far as the server and its beginning show it. */
  readonly version: string;
}

const HEAD_BYTES = 65_536;
const MOST_TRIES = 5;
/** So often a file is taken up again in all: read from its beginning each time, and where it was. */
const MOST_BREAKS = { anew: 10, goneOn: 1_000 };
const FIRST_PAUSE_MS = 500;
const PARTS_AT_ONCE = 4;
const OTHER_PARTS = 'its server gives other parts than it is asked for (Content-Range)';
const CHANGED = 'the file was changed while it was read; cancel the import and begin anew';
const megabytes = (bytes: number): string => `${Math.round(bytes / 1_000_000)} MB`;

/**
 * Looks at what an address gives, and opens it: text is read as a stream that is taken up again where it broke off, Parquet
 * in the parts it is asked for. What is held is a part.
 * @param format what it holds, where its name does not say it
 * @throws Unreachable, or what the signal was aborted with
 */
export async function openRemoteFile(
  ports: RemotePorts & { readonly clock: Pick<Clock, 'sleep'> },
  url: string,
  format: FileKind | null,
  settings: RemoteSettings,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const source = new RemoteSource(ports, url, settings, signal);
  const head = await source.look();
  const name = nameOf(url);
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const isParquet = head.subarray(0, 4).toString('latin1') === 'PAR1';
  const stream = (): ReturnType<OpenFile['stream']> => source.stream(isPacked);
  const kind = isParquet
    ? 'parquet'
    : (format ?? kindOfFile(name) ?? kindOfText(await beginningOf(stream, head, isPacked)));
  if (kind === 'parquet' && !isParquet) throw new Unreachable('what comes is no Parquet file', false);
  return {
    name,
    kind,
    sizeBytes: source.version.sizeBytes,
    stream,
    parts: kind === 'parquet' ? source.parts() : null,
    isReadOnce: false,
    version: JSON.stringify([source.version, createHash('sha256').update(head).digest('hex')]),
  };
}

/** The last part of the path; the parameters may hold a secret. */
function nameOf(url: string): string {
  const { pathname, host } = new URL(url);
  const last = pathname.split('/').at(-1) ?? '';
  try {
    // Control characters are for terminals and lines of a log, not for names.
    return last === '' ? host : decodeURIComponent(last).replace(/\p{Cc}/gu, '�');
  } catch {
    return last;
  }
}

async function beginningOf(
  stream: () => ReturnType<OpenFile['stream']>,
  head: Buffer,
  isPacked: boolean,
): Promise<string> {
  if (!isPacked) return head.toString('utf8');
  for await (const chunk of stream().chunks) return chunk.toString('utf8');
  return '';
}

/** One address, whose file must stay the same while it is read. */
class RemoteSource {
  version: RemoteVersion = { etag: null, lastModified: null, sizeBytes: null };
  private takesRanges = false;

  constructor(
    private readonly ports: RemotePorts & { readonly clock: Pick<Clock, 'sleep'> },
    private readonly url: string,
    private readonly settings: RemoteSettings,
    private readonly signal: AbortSignal,
  ) {}

  /** The first bytes of it, and what the server says of it. */
  look(): Promise<Buffer> {
    return this.persistently(async () => {
      const answer = await this.ask({ range: `bytes=0-${HEAD_BYTES - 1}` });
      try {
        this.version = versionOf(answer);
        const isPart = answer.status === 206;
        if (isPart && !isPartAskedFor(answer, 0, Infinity)) throw new Unreachable(OTHER_PARTS, false);
        this.takesRanges =
          isPart && isPartAskedFor(answer, 0, HEAD_BYTES) && this.version.sizeBytes !== null && !isCoded(answer);
        if (isCoded(answer)) this.version = { ...this.version, sizeBytes: null };
        this.expectSize(this.version.sizeBytes ?? 0);
        if (answer.status === 416) return Buffer.alloc(0);
        const isPage = /^text\/html\b/i.test(answer.headers['content-type'] ?? '');
        if (isPage) throw new Unreachable('a web page comes from this address, not a file', false);
        return await firstBytes(answer.body, HEAD_BYTES);
      } finally {
        answer.close();
      }
    });
  }

  stream(isPacked: boolean): ReturnType<OpenFile['stream']> {
    const read = { bytes: 0 };
    const sent = this.bytes(read);
    if (!isPacked) return { chunks: sent, readBytes: () => read.bytes };
    const packed = Readable.from(sent, { objectMode: false, highWaterMark: 1024 * 1024 });
    const unpacked = createGunzip({ chunkSize: 256 * 1024 });
    // An error anywhere ends what is read with it.
    pipeline(packed, unpacked, () => undefined);
    return { chunks: this.unpacked(unpacked), readBytes: () => read.bytes };
  }

  /** @throws Unreachable where it can neither be had in parts nor be held */
  parts(): () => Promise<AsyncBuffer> {
    const { sizeBytes } = this.version;
    if (!this.givesParts() || sizeBytes === null) {
      this.expectHeld(sizeBytes ?? 0);
      return () => this.held();
    }
    const turns = new Turns(PARTS_AT_ONCE);
    return () =>
      Promise.resolve({
        byteLength: sizeBytes,
        slice: (start, end = sizeBytes) => turns.run(() => this.part(start < 0 ? sizeBytes + start : start, end)),
      });
  }

  private expectHeld(bytes: number): void {
    const { mostHeldBytes } = this.settings;
    if (bytes > mostHeldBytes)
      throw new Unreachable(
        `its server does not give it in parts (Range, with an ETag or Last-Modified), and of such Parquet files no more than ${megabytes(mostHeldBytes)} are read: load it down and import the file`,
        false,
      );
  }

  /** All of it, for as long as whoever reads it holds it. */
  private async held(): Promise<AsyncBuffer> {
    const chunks: Buffer[] = [];
    const read = { bytes: 0 };
    for await (const chunk of this.bytes(read)) {
      this.expectHeld(read.bytes);
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(Buffer.concat(chunks)).buffer;
    return { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) };
  }

  private part(start: number, end: number): Promise<ArrayBuffer> {
    if (end - start > this.settings.mostHeldBytes)
      throw new Unreachable(
        `it would have to be read in parts of ${megabytes(end - start)}: write smaller row groups`,
        false,
      );
    if (end <= start) return Promise.resolve(new ArrayBuffer(0));
    return this.persistently(async () => {
      const answer = await this.ask({ range: `bytes=${start}-${end - 1}`, ...this.ifSame() });
      try {
        if (answer.status !== 206 || !isSameVersion(versionOf(answer), this.version))
          throw new Unreachable(CHANGED, false);
        if (!isPartAskedFor(answer, start, end))
          throw new Unreachable(`${OTHER_PARTS}: load it down and import the file`, false);
        const bytes = await firstBytes(answer.body, end - start);
        if (bytes.length < end - start) throw new Unreachable('the server gave less than it was asked for', true);
        return new Uint8Array(bytes).buffer;
      } finally {
        answer.close();
      }
    });
  }

  /** All bytes from the beginning, taken up again where a connection breaks. */
  private async *bytes(read: { bytes: number }): AsyncGenerator<Buffer> {
    const digest = createHash('sha256');
    for (let [tries, breaks] = [0, 1]; ; breaks += 1) {
      const before = read.bytes;
      try {
        for await (const chunk of this.from(before, digest)) {
          read.bytes += chunk.length;
          this.expectSize(read.bytes);
          digest.update(chunk);
          yield chunk;
        }
        const { sizeBytes } = this.version;
        if (sizeBytes === null || read.bytes >= sizeBytes) return;
        throw new Unreachable('the server ended its answer before the end of the file', true);
      } catch (error) {
        const most = this.givesParts() ? MOST_BREAKS.goneOn : MOST_BREAKS.anew;
        tries = breaks >= most ? MOST_TRIES : read.bytes > before ? 1 : tries + 1;
        await this.again(error, tries);
      }
    }
  }

  /** What follows after so many bytes. @param digest of these */
  private async *from(place: number, digest: Hash): AsyncGenerator<Buffer> {
    const isPart = place > 0 && this.givesParts();
    const answer = await this.ask(isPart ? { range: `bytes=${place}-`, ...this.ifSame() } : {});
    try {
      const given = versionOf(answer);
      if (answer.status === 416) {
        if (place === 0 || given.sizeBytes !== this.version.sizeBytes) throw new Unreachable(CHANGED, false);
        return;
      }
      if (!isSameVersion(isCoded(answer) ? { ...given, sizeBytes: null } : given, this.version))
        throw new Unreachable(CHANGED, false);
      if (answer.status === 206 && !isPart) throw new Unreachable('it gave a part that was not asked for', false);
      if (answer.status === 206 && !isPartAskedFor(answer, place, Infinity)) {
        // Such parts are no use: it is read from its beginning.
        this.takesRanges = false;
        throw new Unreachable(OTHER_PARTS, true);
      }
      yield* answer.status === 206 ? answer.body : behind(answer.body, place, digest);
    } finally {
      answer.close();
    }
  }

  private async *unpacked(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        this.expectSize(bytes);
        yield chunk;
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      throw code.startsWith('Z_') ? new Unreachable(`what is packed in it (gzip) is broken (${code})`, false) : error;
    }
  }

  private ask(headers: Readonly<Record<string, string>>): Promise<Download> {
    return answerOf(this.ports, this.url, { headers, idleMs: this.settings.idleMs, signal: this.signal });
  }

  /** Parts of a file of which nothing shows whether it is the same are not put together. */
  private givesParts(): boolean {
    return this.takesRanges && this.version.sizeBytes !== null && ifRangeOf(this.version) !== null;
  }

  private ifSame(): Readonly<Record<string, string>> {
    const same = ifRangeOf(this.version);
    return same === null ? {} : { 'if-range': same };
  }

  private expectSize(bytes: number): void {
    if (bytes > this.settings.mostBytes)
      throw new Unreachable(`it is larger than ${megabytes(this.settings.mostBytes)} (imports.maximum_size)`, false);
  }

  private async persistently<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        await this.again(error, tries);
      }
    }
  }

  /** Waits before it is tried again. @throws the error where that would not help */
  private async again(error: unknown, tries: number): Promise<void> {
    this.signal.throwIfAborted();
    const isPassing = error instanceof BrokenOff || (error instanceof Unreachable && error.isPassing);
    if (!isPassing || tries >= MOST_TRIES)
      throw error instanceof BrokenOff ? new Unreachable(error.message, true) : error;
    await this.ports.clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), this.signal);
    this.signal.throwIfAborted();
  }
}

/** Compressed on the way: its length and its parts are not those of the file. */
const isCoded = ({ headers }: Pick<Download, 'headers'>): boolean =>
  !['', 'identity'].includes((headers['content-encoding'] ?? '').toLowerCase());

async function firstBytes(body: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= most) break;
  }
  return Buffer.concat(chunks).subarray(0, most);
}

/** What follows after bytes that were read before, which must be the same. */
async function* behind(body: AsyncIterable<Buffer>, place: number, digest: Hash): AsyncGenerator<Buffer> {
  const again = createHash('sha256');
  let left = place;
  const isSame = (): boolean => again.copy().digest('hex') === digest.copy().digest('hex');
  for await (const chunk of body) {
    const known = chunk.subarray(0, Math.min(left, chunk.length));
    again.update(known);
    if (left > 0 && left === known.length && !isSame()) throw new Unreachable(CHANGED, false);
    left -= known.length;
    if (chunk.length > known.length) yield chunk.subarray(known.length);
  }
  if (left > 0) throw new Unreachable('the server ended its answer before where it was', true);
}

/** No more than so many at once; the others wait their turn. */
class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free -= 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
