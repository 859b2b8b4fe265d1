const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};
const SIZE = /^(\d{1,15})(B|kB|MB|GB|KiB|MiB|GiB)$/;

/**
 * Reads a size such as `8MiB` or `500kB` (binary and decimal prefixes as in IEC 80000-13).
 * @returns bytes, or null when the text is not a size
 */
export function parseByteSize(text: string): number | null {
  const [, count, unit = ''] = SIZE.exec(text) ?? [];
  return count === undefined ? null : Number(count) * (UNIT_BYTES[unit] ?? 1);
}

/** Writes bytes with the largest binary unit that leaves a whole number, e.g. 8,388,608 → `8MiB`. */
export function formatByteSize(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const unitBytes = UNIT_BYTES[unit] ?? 1;
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}B`;
}
