import type { Download } from '../../../domain/download.js';

/** By what an answer shows that the file is still the same one. */
export interface RemoteVersion {
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Bytes of the whole file as sent; null where the server does not say. */
  readonly sizeBytes: number | null;
}

const CONTENT_RANGE = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i;
const LENGTH = /^\d{1,15}$/;

export function versionOf({ status, headers }: Pick<Download, 'status' | 'headers'>): RemoteVersion {
  const total =
    status === 206 || status === 416
      ? LENGTH.exec(CONTENT_RANGE.exec(headers['content-range'] ?? '')?.[3] ?? '')?.[0]
      : LENGTH.exec(headers['content-length'] ?? '')?.[0];
  return {
    etag: headers['etag'] ?? null,
    lastModified: headers['last-modified'] ?? null,
    sizeBytes: total === undefined ? null : Number(total),
  };
}

/** Whether a part begins where it was asked for and ends no later: a cache may give others, and then says so. @param end behind its last byte */
export function isPartAskedFor({ headers }: Pick<Download, 'headers'>, start: number, end: number): boolean {
  const [, first, last] = CONTENT_RANGE.exec(headers['content-range'] ?? '') ?? [];
  return first !== undefined && last !== undefined && Number(first) === start && Number(last) < end;
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
