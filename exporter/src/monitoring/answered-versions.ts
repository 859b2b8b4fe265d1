import { z } from 'zod';
import type { VersionStep } from '../domain/model.js';

/** Another version than the one in service that answered lately. */
interface OtherVersion {
  readonly version: string;
  /** When it did last. */
  readonly atMs: number;
  /** The one in service has answered after it. */
  readonly mixed: boolean;
  /** It was in service until another one took over. */
  readonly left: boolean;
}

/** Which versions of the model answer, by what the answers themselves say. */
export interface AnsweredVersions {
  /** Versions that were in service one after the other; the last one is. One that came back ends what was after it. */
  readonly served: readonly string[];
  readonly beside: readonly OtherVersion[];
  /** The answers since the last one of the version in service; null where that is the newest. */
  readonly run: { readonly answers: number; readonly sinceMs: number } | null;
}

export const NO_VERSIONS: AnsweredVersions = { served: [], beside: [], run: null };

export const answeredVersionsSchema: z.ZodType<AnsweredVersions> = z.object({
  served: z.array(z.string()),
  beside: z.array(z.object({ version: z.string(), atMs: z.number(), mixed: z.boolean(), left: z.boolean() })),
  run: z.object({ answers: z.number(), sinceMs: z.number() }).nullable(),
});

/** How long the version in service must not have answered before another one is. */
const TAKEN_OVER = { answers: 3, ms: 10_000 };
/** The same for one that was in service before: a rollback, or one of two that answer in turns. */
const TAKEN_BACK = { answers: 3, ms: 60_000 };
/** The same where versions answer at once: by chance the one in service is silent for a while. */
const TAKEN_OVER_AMONG_MIXED = { answers: 20, ms: 60_000 };
/** A version that answered beside another and is silent for so long is news when it answers again. */
const FORGOTTEN_MS = 3_600_000;
const SERVED_KEPT = 10;
const BESIDE_KEPT = 8;

/** What one more answer tells: the versions by then, and the version it is news from, or null. */
export interface Followed {
  readonly versions: AnsweredVersions;
  readonly cameAfter: string | null;
}

/**
 * Follows the answers' versions. Another version is news when it is first heard; it is in service once the one before has not
 * answered for a while, so that versions which answer at once (a canary, a rollout) do not take turns.
 */
export function followVersion(before: AnsweredVersions, version: string, atMs: number): Followed {
  const current = before.served.at(-1);
  if (current === undefined) return { versions: { ...before, served: [version] }, cameAfter: null };
  if (version === current) return { versions: before.run === null ? before : backInService(before), cameAfter: null };
  const heard = before.beside.filter((other) => atMs - other.atMs < FORGOTTEN_MS);
  const known = heard.find((other) => other.version === version);
  const isNews = known === undefined || (!known.mixed && before.run === null);
  const entry = { version, atMs, mixed: known?.mixed === true, left: known?.left === true && !isNews };
  const run = { answers: (before.run?.answers ?? 0) + 1, sinceMs: before.run?.sinceMs ?? atMs };
  const beside =
    known === undefined
      ? [...heard, entry].slice(-BESIDE_KEPT)
      : heard.map((other) => (other === known ? entry : other));
  const needed = neededFrom(beside, before.served.includes(version) || known?.left === true);
  const isOver = run.answers >= needed.answers && atMs - run.sinceMs >= needed.ms;
  const versions = { served: before.served, beside, run };
  return {
    versions: isOver ? takenOver(versions, version, run.sinceMs) : versions,
    cameAfter: isNews ? current : null,
  };
}

function neededFrom(beside: AnsweredVersions['beside'], isBack: boolean): { answers: number; ms: number } {
  if (beside.some(({ mixed }) => mixed)) return TAKEN_OVER_AMONG_MIXED;
  return isBack ? TAKEN_BACK : TAKEN_OVER;
}

const backInService = ({ served, beside }: AnsweredVersions): AnsweredVersions => ({
  served,
  beside: beside.map((other) => ({ ...other, mixed: true })),
  run: null,
});

function takenOver({ served, beside }: AnsweredVersions, version: string, sinceMs: number): AnsweredVersions {
  const others = beside.filter((other) => other.version !== version);
  const mixed = beside.some((other) => other.mixed);
  const before = { version: served.at(-1) ?? version, atMs: sinceMs, mixed, left: true };
  return { served: withServed(served, version), beside: [...others, before].slice(-BESIDE_KEPT), run: null };
}

function withServed(served: readonly string[], version: string): readonly string[] {
  const at = served.indexOf(version);
  return at >= 0 ? served.slice(0, at + 1) : [...served, version].slice(-SERVED_KEPT);
}

/** The same once somebody has said of a model whose answers name no version that another one is in service. */
export const withDeclared = (versions: AnsweredVersions, before: string | null, now: string): AnsweredVersions => ({
  ...versions,
  served: withServed(versions.served.length > 0 || before === null ? versions.served : [before], now),
});

/**
 * From which version a rollback goes to which. One that answers beside the version in service, and never was in service, is the newer
 * one: it is the one to be taken back.
 */
export function versionStep({ served, beside }: AnsweredVersions, label: string | null): VersionStep {
  const newcomer = beside.findLast(({ version, left }) => !left && !served.includes(version));
  const current = served.at(-1) ?? label;
  if (newcomer !== undefined) return { from: newcomer.version, to: current };
  // What is known of a version before is of the one the answers name, or was declared.
  return { from: current, to: served.at(-2) ?? null };
}
