import type { Download } from '../../../domain/download.js';

/** By what an answer shows that the file is still the same one. */
export interface RemoteVersion {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Bytes of the whole file as sent; null where the server does not say. */
  readonly sizeBytes: number | null;
}

const CONTENT_RANGE = /^bytes (?:\d+-\d+|\*)\/(\d{1,15})$/i;
const LENGTH = /^\d{1,15}$/;

export function versionOf({ status, headers }: Pick<Download, 'status' | 'headers'>): RemoteVersion {
  const total =
    status === 206 || status === 416
      ? CONTENT_RANGE.exec(headers['content-range'] ?? '')?.[1]
      : LENGTH.exec(headers['content-length'] ?? '')?.[0];
  return {
    etag: headers['etag'] ?? null,
    lastModified: headers['last-modified'] ?? null,
    sizeBytes: total === undefined ? null : Number(total),
  };
}

/** False when something shows that they differ; what one of them does not say shows nothing. */
export function isSameVersion(a: RemoteVersion, b: RemoteVersion): boolean {
  const differ = (one: unknown, other: unknown): boolean => one !== null && other !== null && one !== other;
  if (differ(a.sizeBytes, b.sizeBytes) || differ(a.etag, b.etag)) return false;
  return (a.etag !== null && b.etag !== null) || !differ(a.lastModified, b.lastModified);
}

/** What a part is asked for by, so that none of another version comes; null where the server gives nothing to tell by. */
export const ifRangeOf = ({ etag, lastModified }: RemoteVersion): string | null =>
  etag !== null && !etag.startsWith('W/') ? etag : lastModified;
