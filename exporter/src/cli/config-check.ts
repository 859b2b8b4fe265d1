import type { Discovery } from '../domain/discovery.js';
import { counted } from '../domain/quantity-text.js';
import { problemOfOneTry } from '../domain/setup-problem.js';
import type { Commands } from './commands.js';
import { readConfiguration } from './configuration.js';

const UNANSWERED = 2;

/** What responses to guesses that are all the same may mean, and what to do. */
export const alikeText = (alike: number): string =>
  `All ${alike} payloads that mlfi thought up got the same response: the model may not have understood them. Give one that it takes`;

/** What came of asking one model, in one line. */
function lineOf(id: string, discovery: Discovery): string {
  if (discovery.kind === 'not-found') {
    const { sentence, advice } = problemOfOneTry(discovery.failure);
    return `${id}: not asked successfully. ${sentence} ${advice}`;
  }
  const { endpoint, answer } = discovery;
  const from = answer.from === undefined || answer.from === null ? '' : `: ${answer.from}`;
  return `${id}: answers (${endpoint.connector} at ${addressOf(endpoint.url)})${from}`;
}

/** A parameter of an address may be a key. */
const addressOf = (url: string): string => url.replace(/[?#].*$/s, '');

/**
 * `mlfi config check <file>`: 0 when every key and value is valid, 1 with every problem otherwise. With `online` each model is asked, and the
 * brokers of each source, with a line for each: 2 when one of them did not answer.
 */
export async function configCheck(
  { tryModels, tryTopics }: Pick<Commands, 'tryModels' | 'tryTopics'>,
  file: string,
  online: boolean,
): Promise<number> {
  const config = readConfiguration(file);
  if (config === null) return 1;
  const store = config.database.kind === 'sqlite' ? config.database.file : 'PostgreSQL';
  console.log(
    `${file}: every key and value is valid (${counted(config.models.length, 'model')}, store ${store}, listening on ${config.listen.address}:${config.listen.port}). Not checked: ${online ? 'the store' : `models${config.sources.kafka.length > 0 ? ', brokers' : ''} (--online asks them) and the store`}.`,
  );
  for (const { name, model } of config.sources.kafka)
    if (model !== null && !config.models.some(({ id }) => id === model))
      console.log(
        `Kafka, ${name}: waits for the model ${model}, which is none of \`models\`: it must come by the API or discovery.`,
      );
  if (!online) return 0;
  let unanswered = 0;
  await tryModels(config, (id, discovery, alike) => {
    if (discovery === null) console.log(`${id}: not asked; it is known by its prediction logs only`);
    else console.log(`${lineOf(id, discovery)}${alike === null ? '' : `. ${alikeText(alike)}.`}`);
    if (discovery?.kind === 'not-found') unanswered += 1;
  });
  await tryTopics(config, (source, partitions, problem) => {
    const topics = [...partitions].map(([topic, count]) => `${topic} (${counted(count, 'partition')})`);
    console.log(problem === null ? `Kafka, ${source}: ${topics.join(', ')}` : `Kafka, ${source}: not read. ${problem}`);
    if (problem !== null) unanswered += 1;
  });
  return unanswered > 0 ? UNANSWERED : 0;
}
