import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { killableService, type KillableService } from './killable-service.js';
import { eventually } from './running-service.js';

const STEP_MS = 4_000;
const [NORMAL_ROWS, WRONG_ROWS] = [900, 600];
const FIRST_MS = Date.now() - STEP_MS * (NORMAL_ROWS + WRONG_ROWS + 25);

/** How labels come, and the signal that they are of. */
const KINDS = { classes: 'accuracy', quantities: 'error_size', 'by-themselves': 'accuracy' } as const;
type Kind = keyof typeof KINDS;
const ALL: readonly Kind[] = ['classes', 'quantities', 'by-themselves'];

const detail = z.object({
  total_samples: z.number(),
  incident_id: z.string().nullable(),
  cause: z.string().nullable(),
  baseline: z.object({ state: z.string() }),
  evidence: z.object({ verdict: z.string(), confirmed: z.array(z.string()), changed_at_ms: z.number().nullable() }),
});
type Detail = z.output<typeof detail>;

let service: KillableService;
beforeAll(async () => {
  service = await killableService();
});
afterAll(() => service.remove());

/** Rows with their labels, of which a share is wrong; of labels that come by themselves the rows are without. */
function rowsOf(kind: Kind, from: number, count: number, wrongShare: number): readonly Record<string, unknown>[] {
  const random = seededRandom(`${kind} ${from}`);
  return Array.from({ length: count }, (_, i) => {
    const age = 30 + 20 * random.next();
    const isWrong = random.next() < wrongShare;
    const row = {
      timestamp: new Date(FIRST_MS + STEP_MS * (from + i)).toISOString(),
      prediction_id: `p${from + i}`,
      features: { age },
    };
    if (kind === 'quantities')
      return { ...row, prediction: 10 * age, label: 10 * age + 5 * random.next() + (isWrong ? 300 : 0) };
    const prediction = random.next() < 0.5;
    const label = prediction !== isWrong ? 'yes' : 'no';
    return { ...row, prediction: prediction ? 'yes' : 'no', confidence: 0.8 + 0.15 * random.next(), label };
  });
}

async function send(name: string, kind: Kind, rows: readonly Record<string, unknown>[]): Promise<void> {
  const isApart = kind === 'by-themselves';
  const sent = isApart ? rows.flatMap(({ label, ...row }) => [row, { prediction_id: row.prediction_id, label }]) : rows;
  await service.call('POST', `/api/v1/models/${name}-${kind}/observations`, sent);
}

const until = (what: string, id: string, isSo: (seen: Detail) => boolean): Promise<Detail> =>
  eventually(`${what} of ${id}`, 90_000, async () => {
    const now = detail.parse(await service.call('GET', `/api/v1/models/${id}`));
    return isSo(now) ? now : null;
  });

it('opens the incident that labels in rows would have opened, though it is killed right after it has answered', async () => {
  for (const name of ['peace', 'killed'])
    for (const kind of ALL) {
      await service.call('POST', '/api/v1/models', { id: `${name}-${kind}` });
      await send(name, kind, rowsOf(kind, 0, NORMAL_ROWS, 0.08));
    }
  for (const name of ['peace', 'killed'])
    for (const kind of ALL) await until('a baseline', `${name}-${kind}`, ({ baseline }) => baseline.state === 'ready');
  const wrong = (kind: Kind): readonly Record<string, unknown>[] => rowsOf(kind, NORMAL_ROWS, WRONG_ROWS, 1);

  const told = async (name: string, kind: Kind): Promise<unknown> => {
    // The first look, at the moment of the alarm, may be too early to name one.
    const isTold = ({ incident_id: id, cause }: Detail): boolean =>
      id !== null && cause !== null && cause !== 'unknown';
    const seen = await until('an incident', `${name}-${kind}`, isTold);
    const { verdict, confirmed, changed_at_ms: sinceMs } = seen.evidence;
    return { verdict, confirmed, sinceMs, cause: seen.cause, rows: seen.total_samples };
  };
  for (const kind of ALL) await send('peace', kind, wrong(kind));
  const peace = new Map<Kind, unknown>();
  for (const kind of ALL) peace.set(kind, await told('peace', kind));
  for (const kind of ALL) expect(peace.get(kind)).toMatchObject({ verdict: 'alarm', confirmed: [KINDS[kind]] });

  await Promise.all(ALL.map((kind) => send('killed', kind, wrong(kind))));
  await service.end('SIGKILL');
  await service.start();
  for (const kind of ALL) expect(await told('killed', kind), kind).toEqual(peace.get(kind));
}, 400_000);
