import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codec, StoreDocumentDamaged, UnreadableDocument } from '../../../exporter/src/domain/codec.js';
import { driftMonitorCodec } from '../../../exporter/src/detection/sequential/drift-monitor-state.js';
import { KILL_SWITCH } from '../../../exporter/src/store/codecs/decision.js';
import { recommendationCodec } from '../../../exporter/src/store/codecs/recommendation.js';

const first = codec('thing', z.object({ size: z.number() }));
const third = codec('thing', z.object({ sizeCm: z.number(), name: z.string() }), [
  (old) => ({ ...z.looseObject({}).parse(old), name: 'unnamed' }),
  (old) => {
    const { size, name } = z.object({ size: z.number(), name: z.string() }).parse(old);
    return { sizeCm: size * 100, name };
  },
]);

const refusal = (run: () => unknown): UnreadableDocument => {
  try {
    run();
  } catch (error) {
    if (error instanceof UnreadableDocument) return error;
    throw error;
  }
  throw new Error('it was read');
};

describe('codec', () => {
  it('gives back what it was given, and reads every older version', () => {
    expect(third.decode(third.encode({ sizeCm: 7, name: 'a' }))).toEqual({ sizeCm: 7, name: 'a' });
    expect(third.decode(first.encode({ size: 2 }))).toEqual({ sizeCm: 200, name: 'unnamed' });
    expect(third.decode('{"$version":2,"value":{"size":3,"name":"b"}}')).toEqual({ sizeCm: 300, name: 'b' });
  });

  it('refuses a newer version, and tells it from damage', () => {
    expect(refusal(() => first.decode(third.encode({ sizeCm: 7, name: 'a' })))).toMatchObject({
      why: 'newer',
      message: 'it is of version 3, and this mlfi knows versions up to 1',
    });
  });

  it.each(['', '{"sizeCm":1', '[]', 'null', '"x"', '7', '{"size":"canary-7731"}', '{"$version":2,"value":null}'])(
    'calls %j damaged, naming fields and no value',
    (text) => {
      const { why, message } = refusal(() => codec('t', z.object({ size: z.number() }), [(old) => old]).decode(text));
      expect(why).toBe('damaged');
      expect(message).not.toContain('canary');
      expect(message.length).toBeLessThan(700);
    },
  );

  it('leaves a document alone that only looks like an envelope', () => {
    const loose = codec('t', z.looseObject({}));
    const text = '{"$version":7,"value":1,"more":2}';
    expect(loose.decode(text)).toEqual(JSON.parse(text));
  });

  it('bears damage of any kind in documents that migrate', () => {
    for (const text of ['null', '[]', '{}', '{"trackRecord":7}', '{"signals":7,"version":1}', '{"version":1}'])
      for (const damaged of [recommendationCodec, driftMonitorCodec])
        expect(refusal(() => damaged.decode(text)).why).toBe('damaged');
  });
});

it('reads the kill switch of every release', () => {
  expect(KILL_SWITCH.decode('true')).toEqual({ on: true, reason: null, by: null, atMs: null });
  const thrown = { on: true, reason: 'year-end', by: 'Ada', atMs: 5 };
  expect(KILL_SWITCH.decode(JSON.stringify(thrown))).toEqual(thrown);
  expect(KILL_SWITCH.decode(KILL_SWITCH.encode(thrown))).toEqual(thrown);
});

it('takes the estimate of success over from 0.1.0, where it was an outlook', () => {
  const stored = {
    ...{ id: 'r', incidentId: 'i', modelId: 'fraud', revision: 1, createdAtMs: 1, expiresAtMs: 2 },
    ...{ requiredApprovals: 1, modelVersion: null, followUpTo: null, digest: 'd', state: 'pending', action: 'retrain' },
    ...{ cause: 'concept-drift', title: 't', priority: 'HIGH', why: 'w', steps: [], expectedEffect: 'e', risk: 'r' },
    ...{ verificationText: 'v', verification: null, plan: null, evidence: { headline: 'h', findings: [] } },
    policy: {
      version: 'v',
      approvers: { users: [], emails: [], roles: [] },
      proposerMayVote: false,
      expireAfterMs: 1,
      startWithinMs: 1,
      breakGlass: false,
    },
    proposedBy: { kind: 'system', subject: 'system', name: 'mlfi' },
    trackRecord: {
      helped: 1,
      tried: 2,
      similarIncidents: ['i0'],
      outlook: { mean: 0.5, low: 0.1, high: 0.9, cautious: 0.3 },
    },
  };
  expect(recommendationCodec.decode(JSON.stringify(stored)).trackRecord).toEqual({
    helped: 1,
    tried: 2,
    similarIncidents: ['i0'],
    successEstimate: { mean: 0.5, low: 0.1, high: 0.9, lowerQuantile20: 0.3 },
  });
});

it('says of a damaged row where it lies and what to do', () => {
  const damaged = new StoreDocumentDamaged(
    { table: 'baseline', row: 'fraud version 2', model: 'fraud' },
    'damaged',
    'x',
  );
  expect(damaged.inStore('/data/mlfi.sqlite').message).toBe(
    '/data/mlfi.sqlite: table baseline, row fraud version 2: damaged (x); restore a backup, or stop mlfi and let go of the model with "mlfi store repair --drop-model fraud". "mlfi store check" names every such row',
  );
  expect(new StoreDocumentDamaged({ table: 'vote', row: 'v', model: null }, 'newer', 'x').message).toBe(
    'table vote, row v: written by a newer mlfi (x); start the mlfi that wrote it, or restore an older backup. "mlfi store check" names every such row',
  );
});
