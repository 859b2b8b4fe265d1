import type { Discovery } from '../../domain/discovery.js';
import type { Random } from '../../domain/ports.js';
import type { ConnectorContext } from './connectors/connector.js';
import { connectorOf } from './connectors/index.js';
import { generatePayloads } from './payloads/generate.js';

const FURTHER = 4;

/**
 * Asks a model that was found by a guess with a few other payloads of its shape, one after the other.
 * @returns how many were answered with one and the same prediction and confidence, the first included: it may have understood none of
 * them; null where answers differ, or too few came
 */
export async function answeredAlike(
  context: ConnectorContext,
  { endpoint, payloads, answer: first, isGuess }: Extract<Discovery, { kind: 'found' }>,
  random: Random,
): Promise<number | null> {
  if (!isGuess) return null;
  const asked = { ...context, ...(endpoint.asking === undefined ? {} : { asking: endpoint.asking }) };
  for (const { payload } of generatePayloads(payloads, FURTHER, random)) {
    const answer = await connectorOf(endpoint.connector).ask(asked, endpoint, payload);
    if (answer.kind === 'failure') return null;
    if (answer.prediction !== first.prediction || answer.confidence !== first.confidence) return null;
  }
  return 1 + FURTHER;
}
