import { groupOf } from './kafka-schema.js';
import type { PlacedProblem } from './problem.js';
import type { Settings } from './schema.js';

/** What no single key of a Kafka source shows. */
export function kafkaProblems({ sources, secrets }: Pick<Settings, 'sources' | 'secrets'>): PlacedProblem[] {
  return sources.kafka.flatMap((source, index) => {
    const at = (...path: string[]): (string | number)[] => ['sources', 'kafka', index, ...path];
    const earlier = sources.kafka.slice(0, index);
    const problems: PlacedProblem[] = [];
    if (earlier.some(({ name }) => name === source.name))
      problems.push({
        path: at('name'),
        message: `"${source.name}" is used twice`,
        remedy: 'give every entry a name of its own',
      });
    const shared = earlier.find(
      (other) =>
        groupOf(other) === groupOf(source) &&
        other.brokers.some((broker) => source.brokers.includes(broker)) &&
        other.topics.some((topic) => source.topics.includes(topic)),
    );
    if (shared !== undefined)
      problems.push({
        path: at('group'),
        message: `is the group of "${shared.name}" too, which reads one of these topics: each would get a part of it`,
        remedy: 'give it a group of its own, or name the topic once',
      });
    if (source.format === 'cloudevents' && source.model !== undefined)
      problems.push({
        path: at('model'),
        message: 'has no use for events, which name their service',
        remedy: 'remove it; `intake.services` says which model a service is',
      });
    const secret = source.sasl?.password_secret;
    if (secret !== undefined && !Object.hasOwn(secrets, secret))
      problems.push({
        path: at('sasl', 'password_secret'),
        message: 'names no entry of `secrets`',
        remedy: 'add the secret under `secrets`, or correct the name',
      });
    if ((source.tls?.cert_file === undefined) !== (source.tls?.key_file === undefined))
      problems.push({
        path: at('tls'),
        message: 'has a certificate without its key, or a key without its certificate',
        remedy: 'give both `cert_file` and `key_file`, or neither',
      });
    return problems;
  });
}
