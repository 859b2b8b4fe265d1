import type {
  BaselineProfile,
  GroupCell,
  LabelCounts,
  LearningState,
  SignalCounts,
  SignalKey,
  WindowProfile,
} from '../domain/profile.js';

/** Maps as arrays of pairs; everything else of a profile is JSON already. */
interface StoredCounts {
  readonly kind: 'numeric' | 'categorical';
  readonly entries: readonly (readonly [number | string, number])[];
  readonly rest: object;
}
interface StoredWindow {
  readonly signals: readonly (readonly [SignalKey, StoredCounts])[];
  /** Absent in windows written before groups were counted. */
  readonly groups?: readonly (readonly [string, GroupCell])[];
  readonly rest: object;
}

function packCounts(counts: SignalCounts): StoredCounts {
  if (counts.kind === 'numeric') {
    const { cells, kind, ...rest } = counts;
    return { kind, entries: [...cells], rest };
  }
  const { categories, kind, ...rest } = counts;
  return { kind, entries: [...categories], rest };
}

function unpackCounts({ kind, entries, rest }: StoredCounts): SignalCounts {
  const map = new Map(entries as readonly (readonly [never, number])[]);
  return (kind === 'numeric'
    ? { kind, cells: map, ...rest }
    : { kind, categories: map, ...rest }) as unknown as SignalCounts;
}

function packWindow({ signals, groups, ...rest }: WindowProfile): StoredWindow {
  return {
    signals: [...signals].map(([key, counts]) => [key, packCounts(counts)] as const),
    groups: [...groups],
    rest,
  };
}

/** Windows written before numeric labels were counted have no losses. */
function unpackWindow({ signals, groups = [], rest }: StoredWindow): WindowProfile {
  const stored = rest as Omit<WindowProfile, 'signals' | 'labels' | 'groups'> & {
    readonly labels: Omit<LabelCounts, 'losses'> & Partial<Pick<LabelCounts, 'losses'>>;
  };
  return {
    ...stored,
    labels: { ...stored.labels, losses: stored.labels.losses ?? {} },
    signals: new Map(signals.map(([key, counts]) => [key, unpackCounts(counts)])),
    groups: new Map(groups),
  };
}

/** A window as text, and back: `decodeWindow(encodeWindow(w))` equals w. */
export const encodeWindow = (window: WindowProfile): string => JSON.stringify(packWindow(window));
export const decodeWindow = (text: string): WindowProfile => unpackWindow(JSON.parse(text) as StoredWindow);

export function encodeBaseline({ profile, bins, ...rest }: BaselineProfile): string {
  return JSON.stringify({ profile: packWindow(profile), bins: [...bins], rest });
}

export function decodeBaseline(text: string): BaselineProfile {
  const { profile, bins, rest } = JSON.parse(text) as {
    profile: StoredWindow;
    bins: [SignalKey, number[]][];
    rest: object;
  };
  return {
    ...(rest as Omit<BaselineProfile, 'profile' | 'bins'>),
    profile: unpackWindow(profile),
    bins: new Map(bins),
  };
}

export function encodeLearning({ profile, firstHalf, ...rest }: LearningState): string {
  return JSON.stringify({
    profile: packWindow(profile),
    firstHalf: firstHalf === null ? null : packWindow(firstHalf),
    rest,
  });
}

export function decodeLearning(text: string): LearningState {
  const { profile, firstHalf, rest } = JSON.parse(text) as {
    profile: StoredWindow;
    firstHalf: StoredWindow | null;
    rest: object;
  };
  return {
    ...(rest as Omit<LearningState, 'profile' | 'firstHalf'>),
    profile: unpackWindow(profile),
    firstHalf: firstHalf === null ? null : unpackWindow(firstHalf),
  };
}
