import { provisionalText, type SignalEvidence } from '../../domain/alert-evidence.js';
import { subjectText, type FindingSubject } from '../../domain/finding.js';
import { counted } from '../../domain/quantity-text.js';
import type { ScoreStreamReading } from './score-stream-state.js';
import type { SignalMonitor } from './signal-monitor.js';

const DAY_MS = 86_400_000;
/** A share that changed is one of many; a jump goes up or down. */
const WITHOUT_DIRECTION: ReadonlySet<string> = new Set(['mix', 'jump']);

/** What its statistics say: the strongest, and evidence in ticks, the mean over them, those not watching yet counted as nothing. */
function readingsOf({ streams }: SignalMonitor): { value: number; strongest: ScoreStreamReading | null } {
  let strongest: ScoreStreamReading | null = null;
  let sum = 0;
  let size = 0;
  for (const stream of streams) {
    size += stream.size;
    const reading = stream.reading();
    if (reading === null) continue;
    sum += reading.value;
    if (strongest === null || reading.value > strongest.value) strongest = reading;
  }
  return { value: size === 0 ? 0 : sum / size, strongest };
}

/** What a signal says of itself, for metrics, API and explanations. */
export function signalEvidence(
  signal: SignalMonitor,
  weight: number,
  tickMs: number,
  changed: boolean,
): SignalEvidence {
  const { value, strongest } = readingsOf(signal);
  const waits = signal.streams.map((stream) => stream.waitsFor).find((reason) => reason !== null) ?? null;
  const provisional = signal.streams.some((stream) => stream.isProvisional);
  return {
    subject: signal.subject,
    watch: changed
      ? 'changed'
      : strongest === null || signal.streams[0]?.isMonitoring !== true
        ? 'learning'
        : provisional
          ? 'provisional'
          : 'watching',
    logEvidence: Math.log(Math.max(value, 1e-12)),
    logRatio: Math.log(Math.max(weight * value * (tickMs / DAY_MS), 1e-12)),
    changeAtMs: strongest === null || strongest.changeAtMs === 0 ? null : strongest.changeAtMs,
    direction: strongest === null || WITHOUT_DIRECTION.has(strongest.statistic) ? 'changed' : strongest.direction,
    statistic: strongest?.statistic ?? 'none',
    blockSamples: strongest?.blockSamples ?? 0,
    weight,
    note: signal.isWarmingUp
      ? 'the first samples set the reference quantiles: 50, more where successive values are alike'
      : (waits ?? (provisional ? provisionalText(provisionalUntilMs([signal])) : null)),
  };
}

/** When the last of the signals' streams can tell a daily pattern from a change; null when all can, or before the first score. */
export function provisionalUntilMs(signals: Iterable<SignalMonitor>): number | null {
  const times = [...signals].flatMap(({ streams }) => streams.flatMap(({ provisionalUntilMs: atMs }) => atMs ?? []));
  return times.length === 0 ? null : Math.max(...times);
}

/** A signal that may follow an unknown daily pattern does not page by its shifts; its risks still do. */
export function pagingValue(signal: SignalMonitor): number {
  let sum = 0;
  let size = 0;
  for (const stream of signal.streams) {
    size += stream.size;
    if (!stream.isProvisional) sum += stream.value;
  }
  return size === 0 ? 0 : sum / size;
}

/** What a signal waits for before it is watched. */
export interface Wait {
  readonly subject: FindingSubject;
  readonly wait: string;
}

/** Signals named of those that wait for the same. */
const WAITING_NAMED = 3;

/** One sentence for all that waits for the same, e.g. `latency, confidence: more samples`. */
export function waitTexts(waits: readonly Wait[]): string[] {
  return [...new Set(waits.map(({ wait }) => wait))].map((wait) => {
    const names = waits.filter((one) => one.wait === wait).map(({ subject }) => subjectText(subject));
    const more = names.length - WAITING_NAMED;
    return `${names.slice(0, WAITING_NAMED).join(', ')}${more > 0 ? ` and ${counted(more, 'more signal')}` : ''}: ${wait}`;
  });
}
