import type { Discovery } from '../../domain/discovery.js';
import type { Random } from '../../domain/ports.js';
import type { ConnectorContext } from './connectors/connector.js';
import { connectorOf } from './connectors/index.js';
import { generatePayloads } from './payloads/generate.js';

const FURTHER = 4;
/** Fewer payloads that differ say nothing of whether they were understood. */
const LEAST = 3;
/** Numbers and sentences come by chance, and often the same. */
const DRAWN = 10 * FURTHER;

/**
 * Asks a model that was found by a guess with a few other payloads of its shape, one after the other.
 * @returns how many different payloads were answered with one and the same prediction and confidence, the first included: it may have
 * understood none of them; null where answers differ, or where there are fewer than three
 */
export async function answeredAlike(
  context: ConnectorContext,
  { endpoint, payloads, answer: first, isGuess }: Extract<Discovery, { kind: 'found' }>,
  random: Random,
): Promise<number | null> {
  if (!isGuess) return null;
  const asked = { ...context, ...(endpoint.asking === undefined ? {} : { asking: endpoint.asking }) };
  const drawn = [payloads[0] ?? null, ...generatePayloads(payloads, DRAWN, random).map(({ payload }) => payload)];
  const distinct = [...new Map(drawn.map((payload) => [JSON.stringify(payload), payload])).values()];
  const [, ...others] = distinct.slice(0, 1 + FURTHER);
  if (1 + others.length < LEAST) return null;
  for (const payload of others) {
    const answer = await connectorOf(endpoint.connector).ask(asked, endpoint, payload);
    if (answer.kind === 'failure') return null;
    if (answer.prediction !== first.prediction || answer.confidence !== first.confidence) return null;
  }
  return 1 + others.length;
}
