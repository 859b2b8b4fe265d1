import type { GroupPartitionsAssigner } from '@platformatic/kafka';

interface Dealt {
  readonly memberId: string;
  readonly assignments: Map<string, { readonly topic: string; readonly partitions: number[] }>;
  partitions: number;
}

/**
 * Deals the partitions of each topic to the members that subscribed to it, each to whoever has fewest. The library's own assigner
 * deals the topics of the leader alone, and to members that never asked for them.
 */
export const assignPartitions: GroupPartitionsAssigner = (_current, members, _topics, { topics }) => {
  const subscribers = new Map<string, Dealt[]>();
  const dealt = [...members.keys()].sort().map((memberId) => {
    const member: Dealt = { memberId, assignments: new Map(), partitions: 0 };
    for (const topic of new Set(members.get(memberId)?.topics)) {
      subscribers.set(topic, [...(subscribers.get(topic) ?? []), member]);
    }
    return member;
  });
  // The topics that fewest read come first, so that the others can make up for it.
  const byReaders = [...subscribers].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1));
  for (const [topic, readers] of byReaders)
    for (let partition = 0; partition < (topics.get(topic)?.partitionsCount ?? 0); partition += 1) {
      const [first, ...others] = readers;
      if (first === undefined) break;
      const next = others.reduce((least, one) => (one.partitions < least.partitions ? one : least), first);
      const assignment = next.assignments.get(topic) ?? { topic, partitions: [] };
      next.assignments.set(topic, assignment);
      assignment.partitions.push(partition);
      next.partitions += 1;
    }
  return dealt.map(({ memberId, assignments }) => ({ memberId, assignments }));
};
