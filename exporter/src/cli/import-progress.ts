const TOLD_EVERY_MS = 5_000;
const whole = (value: number): string => Math.round(value).toLocaleString('en-GB');

/** How much of an import is done. */
export interface Done {
  readonly rows: number;
  readonly repeated: number;
  /** Of all files, 0–1; null where that is not known. */
  readonly share: number | null;
}

/** `12,000 rows (17 %), 9,800 rows/s, 6 s left`. */
export function progressText({ rows, repeated, share }: Done, seconds: number): string {
  const rate = seconds === 0 ? 0 : rows / seconds;
  const left = share === null || share === 0 || share >= 1 ? null : (seconds * (1 - share)) / share;
  return [
    `${whole(rows)} rows${share === null ? '' : ` (${whole(100 * share)} %)`}`,
    `${whole(rate)} rows/s`,
    ...(repeated === 0 ? [] : [`${whole(repeated)} of them were there already`]),
    ...(left === null ? [] : [`${lengthText(left)} left`]),
  ].join(', ');
}

const lengthText = (seconds: number): string =>
  seconds < 90
    ? `${whole(seconds)} s`
    : seconds < 5_400
      ? `${whole(seconds / 60)} min`
      : `${(seconds / 3_600).toFixed(1)} h`;

/** Tells progress on standard error: on a terminal in one line, elsewhere in a line now and then. */
export class ProgressLine {
  private readonly startedAt = performance.now();
  private toldAt = performance.now();

  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  get seconds(): number {
    return (performance.now() - this.startedAt) / 1_000;
  }

  tell(done: Done): void {
    const text = progressText(done, this.seconds);
    if (this.out.isTTY) this.out.write(`\r\u001B[K${text}`);
    else if (performance.now() - this.toldAt >= TOLD_EVERY_MS) {
      this.toldAt = performance.now();
      this.out.write(`${text}\n`);
    }
  }

  end(done: Done): void {
    this.out.write(`${this.out.isTTY ? '\r\u001B[K' : ''}${progressText(done, this.seconds)}\n`);
  }
}
