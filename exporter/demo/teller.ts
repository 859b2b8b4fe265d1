import { join } from 'node:path';
import type { IncidentRow } from '../src/domain/incident.js';
import type { DemoOptions, DemoService } from './exporter.js';
import { incidentBlock } from './render.js';

/** An incident whose cause is still not firm is told as what it is by then. */
const FIRM_WITHIN_MS = 60_000;

/** Where more is: the API, or, when it stops by itself, a command that reads what it leaves behind. */
const moreAbout = (
  { once, dataDirectory }: DemoOptions,
  { address }: DemoService,
  { id }: Pick<IncidentRow, 'id'>,
): string =>
  once
    ? `node exporter/dist/src/main.js report ${id} --config ${join(dataDirectory, 'mlfi.yml')}`
    : `${address}/api/v1/incidents/${id}`;

export interface Teller {
  /** What is new: every incident once per cause, when that is firm, with its recommendations. */
  news(nowMs: number): Promise<readonly string[]>;
  /** Whether an incident is open that was not told yet. */
  isWaiting(): boolean;
}

/** Tells the open incidents of a service, each once a cause. */
export function createTeller(options: DemoOptions, service: DemoService): Teller {
  const { width } = options;
  const seenAtMs = new Map<string, number>();
  const printed = new Set<string>();
  const storyOf = (incident: IncidentRow): string => `${incident.id} ${incident.diagnosis.causes[0]?.id ?? ''}`;
  const open = (): readonly IncidentRow[] =>
    service.application.models.statuses().flatMap(({ incident }) => (incident === null ? [] : [incident]));
  const untold = (): readonly IncidentRow[] => open().filter((incident) => !printed.has(storyOf(incident)));
  return {
    isWaiting: () => untold().length > 0,
    async news(nowMs) {
      const lines: string[] = [];
      for (const incident of untold()) {
        const story = storyOf(incident);
        const firstSeenAtMs = seenAtMs.get(story) ?? nowMs;
        seenAtMs.set(story, firstSeenAtMs);
        const records = await service.application.decisions.records({
          incident: incident.id,
          pendingOnly: true,
          limit: 10,
        });
        // Proposals are made once the cause is firm.
        if (records.length === 0 && nowMs - firstSeenAtMs < FIRM_WITHIN_MS) continue;
        // As it is told now: it may have become firm while its proposals were read.
        const told = open().find((one) => storyOf(one) === story);
        if (told === undefined) continue;
        printed.add(story);
        const recommendations = records.map(({ recommendation }) => recommendation);
        lines.push(...incidentBlock(told, recommendations, moreAbout(options, service, told), width));
      }
      return lines;
    },
  };
}
