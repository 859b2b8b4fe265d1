import type { SignalEvidence } from '../../domain/alert-evidence.js';
import type { FindingSubject } from '../../domain/finding.js';
import type { SignalMonitor } from './signal-monitor.js';

/** The moment the evidence passed the threshold, and what had changed by then. */
export interface Alarm {
  readonly atMs: number;
  readonly changeAtMs: number;
  readonly confirmed: readonly FindingSubject[];
  readonly suspects: readonly FindingSubject[];
  readonly logEvidence: number;
  readonly signals: readonly SignalEvidence[];
}

/** True when every stream that showed the signal's change has shown its end, or the signal is gone. */
export function recovered(signal: SignalMonitor | undefined, alarm: Alarm): boolean {
  if (signal === undefined) return true;
  const evidence = alarm.signals.find(({ subject }) => subject === signal.subject);
  const judged = signal.streams.filter(({ settings }) => settings.statistic === evidence?.statistic);
  return judged.every((stream) => stream.hasRecovered);
}
