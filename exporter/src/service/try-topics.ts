/** Wires `mlfi config check --online`: the brokers of each source are asked for its topics; no group is joined and nothing is read. */
import { causesOf, hasCertificate } from '../capture/sources/kafka/causes-of.js';
import type { OnTopicsTried } from '../cli/commands.js';
import type { Config } from '../config/config.js';
import { kafkaTopics } from '../integrations/kafka/connect-kafka.js';

/** `onTried` is called in the file's order. */
export async function tryTopics(config: Config, onTried: OnTopicsTried): Promise<void> {
  const ask = kafkaTopics((name) => config.secrets.get(name)?.reveal() ?? null);
  const tried = config.sources.kafka.map(
    (source) =>
      [
        source,
        ask(source).then(
          (partitions) => ({ partitions, problem: null }),
          (error: unknown) => ({
            partitions: new Map<string, number>(),
            problem: causesOf(error, hasCertificate(source)),
          }),
        ),
      ] as const,
  );
  for (const [{ name }, asked] of tried) {
    const { partitions, problem } = await asked;
    onTried(name, partitions, problem);
  }
}
