import type { FalsePageBudget } from '../../domain/alert-evidence.js';
import type { FindingSubject } from '../../domain/finding.js';
import type { SignalKey } from '../../domain/profile.js';
import { CategoricalSignal } from './categorical-signal.js';
import { LossSignal } from './loss-signal.js';
import { harmOf, NumericSignal } from './numeric-signal.js';
import type { NumericSubject, SignalMonitor, SignalState } from './signal-monitor.js';

/** A signal of one model as its stored state says, which goes on where it was. */
export function restoredSignal(
  subject: FindingSubject,
  state: SignalState,
  of: { readonly model: string; readonly budget: FalsePageBudget; readonly hash: (text: string) => string },
): SignalMonitor {
  const { model, budget, hash } = of;
  if (state.kind === 'loss') return new LossSignal(subject, model, budget, subject !== 'golden', state);
  const key = subject as NumericSubject;
  if (state.kind === 'numeric') return new NumericSignal(key, model, budget, harmOf(key), state);
  return new CategoricalSignal(key as SignalKey, model, budget, hash, state);
}
