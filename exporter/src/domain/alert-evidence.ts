import type { FindingSubject } from './finding.js';
import { minuteText } from './time-text.js';

/** Which repeating pattern of the clock a model's traffic follows. `auto`: looked for in the first days and weeks. */
export const SEASONS = ['auto', 'none', 'daily', 'weekly'] as const;
export type Season = (typeof SEASONS)[number];

/** How often mlfi may page for nothing, and what it may ignore. */
export interface FalsePageBudget {
  /** Mean wall-clock time between two false pages of one model, all its signals together. */
  readonly meanTimeBetweenMs: number;
  /** The same of all models of one owner together; `meanTimeBetweenMs` is longer for each where there are many. */
  readonly ownerMeanTimeBetweenMs: number;
  /** The same for the warning line, which never pages. */
  readonly warnMeanTimeBetweenMs: number;
  /** The clock evidence is counted in. */
  readonly tickMs: number;
  /** Shift of a block's mean p-value, or of a risk, that is nobody's business. */
  readonly tolerance: number;
  /** Exceptions by signal. */
  readonly signalTolerance: Readonly<Record<string, number>>;
  readonly season: Season;
}

const DAY_MS = 86_400_000;

export const DEFAULT_FALSE_PAGE_BUDGET: FalsePageBudget = {
  meanTimeBetweenMs: 30 * DAY_MS,
  ownerMeanTimeBetweenMs: 7 * DAY_MS,
  warnMeanTimeBetweenMs: DAY_MS,
  tickMs: 30_000,
  tolerance: 0.03,
  signalTolerance: {},
  season: 'auto',
};

/**
 * `learning`: no verdict yet · `provisional`: watched, but a daily pattern cannot be told from a change yet, so it does
 * not page · `watching` · `changed`: past the line, waiting to be normal again.
 */
export type SignalWatch = 'learning' | 'provisional' | 'watching' | 'changed';

/** Evidence that one signal changed. Evidence is counted in ticks: while nothing changes it grows by at most 1 a tick on average. */
export interface SignalEvidence {
  readonly subject: FindingSubject;
  readonly watch: SignalWatch;
  /** Natural logarithm of the signal's evidence in ticks; negative while there is little. */
  readonly logEvidence: number;
  /**
   * Natural logarithm of how many days chance alone would take, on average at least, to show as much evidence for this
   * signal: the odds, on any one day, against “nothing changed”.
   */
  readonly logRatio: number;
  /** Estimated start of the change; null without evidence. */
  readonly changeAtMs: number | null;
  readonly direction: 'up' | 'down' | 'changed';
  /** What moved: `level`, `spread`, `mix`, `missing`, `unseen`, `invalid`, `jump`, `risk`. */
  readonly statistic: string;
  /** Samples per block of the strongest statistic; 0 while learning. */
  readonly blockSamples: number;
  /** Share of the model's false-page budget this signal may use. */
  readonly weight: number;
  /** Why it is not watching yet, or what limits it; null when nothing does. */
  readonly note: string | null;
}

/** All evidence about one model, against the false-page budget. */
export interface AlertEvidence {
  readonly verdict: 'learning' | 'quiet' | 'warning' | 'alarm';
  /** Natural logarithm of the model's evidence: the weighted sum over signals, in ticks. */
  readonly logEvidence: number;
  readonly logLine: number;
  readonly logWarningLine: number;
  /** 0 = nothing, 1 = the paging line, on the logarithmic scale evidence grows on. */
  readonly lineShare: number;
  /** Part of the budget not used up: 1 − evidence ÷ line, 0 at an alarm. */
  readonly budgetLeft: number;
  /** Signals shown to have changed, false discoveries controlled (e-d-BH); strongest first. */
  readonly confirmed: readonly FindingSubject[];
  /** When the model alarms but no single signal can be singled out: the likeliest ones. */
  readonly suspects: readonly FindingSubject[];
  readonly changeAtMs: number | null;
  /** After an alarm: every signal that changed is as it was in the baseline again. */
  readonly recovered: boolean;
  /** Until when shifts of some signals alert nobody, because a daily pattern cannot be told from a change yet; null when all may. */
  readonly provisionalUntilMs: number | null;
  /** Every signal, strongest first. */
  readonly signals: readonly SignalEvidence[];
  readonly budget: FalsePageBudget;
}

/** Less than a hundredth of the way to the paging line: told as 0 %. */
export const isWithoutSign = ({ verdict, lineShare }: Pick<AlertEvidence, 'verdict' | 'lineShare'>): boolean =>
  verdict === 'quiet' && lineShare < 0.01;

/** Why a shift alerts nobody yet, and until when: what is said of a provisional signal wherever it is shown. */
export const provisionalText = (untilMs: number | null): string =>
  `shifts alert nobody ${untilMs === null ? 'yet' : `before ${minuteText(untilMs)}`}: until two days of a signal are seen, a daily pattern cannot be told from a change (paging.season: auto)`;

/** "3,400 : 1" (on any one day; see `SignalEvidence.logRatio`) from a natural logarithm, two digits; never more than a billion, which is as good as certain. */
export function oddsText(logRatio: number): string {
  if (logRatio > Math.log(1e9)) return 'more than 1,000,000,000 : 1';
  return `${Number(Math.max(1, Math.exp(logRatio)).toPrecision(2)).toLocaleString('en-US')} : 1`;
}
