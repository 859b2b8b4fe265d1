import { describe, expect, it } from 'vitest';
import { assignPartitions } from '../../../../exporter/src/integrations/kafka/assign-partitions.js';

type Members = Parameters<typeof assignPartitions>[1];
type Metadata = Parameters<typeof assignPartitions>[3];

const deal = (
  subscriptions: Readonly<Record<string, readonly string[]>>,
  counts: Readonly<Record<string, number>>,
): Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> => {
  const members: Members = new Map(
    Object.entries(subscriptions).map(([memberId, topics]) => [
      memberId,
      { memberId, version: 1, topics: [...topics] },
    ]),
  );
  const topics: Metadata['topics'] = new Map(
    Object.entries(counts).map(([name, partitionsCount]) => [
      name,
      { id: name, partitions: [], partitionsCount, lastUpdate: 0 },
    ]),
  );
  const metadata: Metadata = { id: 'c', brokers: new Map(), topics, controllerId: 0, lastUpdate: 0 };
  const [leader = ''] = members.keys();
  const dealt = assignPartitions(leader, members, new Set(subscriptions[leader]), metadata);
  return Object.fromEntries(
    dealt.map(({ memberId, assignments }) => [
      memberId,
      Object.fromEntries([...assignments.values()].map(({ topic, partitions }) => [topic, partitions])),
    ]),
  );
};

describe('who reads which partition', () => {
  it('is somebody who subscribed, for every partition, whoever leads', () => {
    const subscriptions = { c: ['fraud'], a: ['comp'], b: ['any'] };
    expect(deal(subscriptions, { fraud: 3, comp: 2, any: 1 })).toEqual({
      a: { comp: [0, 1] },
      b: { any: [0] },
      c: { fraud: [0, 1, 2] },
    });
  });

  it('shares a topic evenly, also of members that read others besides', () => {
    expect(deal({ a: ['t'], b: ['t'], c: ['t'] }, { t: 7 })).toEqual({
      a: { t: [0, 3, 6] },
      b: { t: [1, 4] },
      c: { t: [2, 5] },
    });
    expect(deal({ a: ['own', 't'], b: ['t'] }, { own: 2, t: 4 })).toEqual({
      a: { own: [0, 1], t: [2] },
      b: { t: [0, 1, 3] },
    });
  });

  it('leaves out whoever is one too many, subscribed to nothing, or to a topic that is not there', () => {
    expect(deal({ a: ['t'], b: ['t'], c: [], d: ['gone'] }, { t: 1 })).toEqual({ a: { t: [0] }, b: {}, c: {}, d: {} });
  });
});
