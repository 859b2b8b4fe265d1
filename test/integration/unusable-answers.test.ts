import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../exporter/src/system/seeded-random.js';
import { eventually, runService, type RunningService } from './running-service.js';

/** A model that answers with nothing of use is not healthy, whatever the way its answers come in. */
interface View {
  readonly baseline: { readonly state: string };
  readonly incident_id: string | null;
  readonly causes: readonly { readonly title: string }[];
}

let running: RunningService;
beforeAll(async () => {
  running = await runService({
    baseline: { minimum_samples: 300, minimum_duration: '0s' },
    detection: { silence: '1d' },
  });
});
afterAll(() => running.close());

const GOOD = 800;
const FAULTY = 300;
const GAP_MS = 2_000;

interface Way {
  readonly name: string;
  readonly isClassifier: boolean;
  /** The prediction and the confidence of a faulty row, as they stand in its JSON; null where they are as ever. */
  readonly prediction: string | null;
  readonly confidence: string | null;
  readonly asTable: boolean;
  readonly title: RegExp;
}
const UNUSABLE = /^No usable prediction in the responses/;
const way = (name: string, more: Partial<Way>): Way => ({
  name,
  isClassifier: false,
  prediction: null,
  confidence: null,
  asTable: false,
  title: UNUSABLE,
  ...more,
});

const WAYS: readonly Way[] = [
  way('json-nan', { prediction: 'NaN' }),
  way('json-null', { prediction: 'null' }),
  way('text-nan', { prediction: '"nan"' }),
  way('csv-nan', { prediction: 'nan', asTable: true }),
  way('classifier-nan', { isClassifier: true, prediction: 'NaN' }),
  way('classifier-null', { isClassifier: true, prediction: 'null', title: /^The responses lack the prediction/ }),
  way('confidence-nan', { isClassifier: true, confidence: 'NaN', title: /^The responses lack the confidence/ }),
];

it.each(WAYS)('$name: opens an incident with a true cause', async ({ name, ...sent }) => {
  await running.request('POST', '/api/v1/models', { id: name });
  const random = seededRandom(name);
  const startMs = Date.now() - (GOOD + FAULTY) * GAP_MS;
  const rows = Array.from({ length: GOOD + FAULTY }, (_, i) => {
    const isFaulty = i >= GOOD;
    const value = sent.isClassifier ? `"${random.next() < 0.4 ? 'yes' : 'no'}"` : (50 + 10 * random.next()).toFixed(3);
    const confidence = (0.7 + 0.25 * random.next()).toFixed(3);
    return {
      timestamp: startMs + i * GAP_MS,
      x: random.next(),
      prediction: (isFaulty ? sent.prediction : null) ?? value,
      confidence: sent.isClassifier ? ((isFaulty ? sent.confidence : null) ?? confidence) : null,
    };
  });
  const isTaken = async (some: typeof rows): Promise<void> => {
    const lines = some.map(({ timestamp, x, prediction, confidence }) =>
      sent.asTable
        ? `${timestamp},${x},${prediction}`
        : `{"timestamp":${timestamp},"features":{"x":${x}},"prediction":${prediction}${confidence === null ? '' : `,"confidence":${confidence}`}}`,
    );
    const { status } = await fetch(`${running.service.address}/api/v1/models/${name}/observations`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${running.key}`,
        'content-type': sent.asTable ? 'text/csv' : 'application/x-ndjson',
      },
      body: [...(sent.asTable ? ['timestamp,x,prediction'] : []), ...lines].join('\n'),
    });
    expect(status).toBe(200);
  };
  const view = async (): Promise<View> => (await running.request('GET', `/api/v1/models/${name}`)).body as View;
  await isTaken(rows.slice(0, GOOD));
  await eventually('a baseline', 40_000, async () => ((await view()).baseline.state === 'ready' ? true : null));
  await isTaken(rows.slice(GOOD));
  const failing = await eventually('an incident', 60_000, async () => {
    const now = await view();
    return now.incident_id === null ? null : now;
  });
  expect(failing.causes[0]?.title).toMatch(sent.title);
});
