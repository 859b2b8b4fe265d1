import { z } from 'zod';
import type { JsonObject } from '../src/domain/json.js';
import type { TabularFeatures } from './tabular/adult.js';
import type { TabularAnswer } from './traffic.js';

const answerBody = z.object({ prediction: z.string(), confidence: z.number(), model_version: z.string() });
const TIMEOUT_MS = 10_000;

/** Asks the tabular model at `url`. @throws Error when it does not answer as it should */
export async function askOverHttp(url: string, features: TabularFeatures): Promise<TabularAnswer> {
  const startedMs = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(features),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the tabular model answered HTTP ${response.status}`);
  const { prediction, confidence, model_version } = answerBody.parse(await response.json());
  return {
    prediction,
    confidence,
    modelVersion: model_version,
    latencySeconds: (performance.now() - startedMs) / 1_000,
  };
}

const ingestBody = z.object({ rejected: z.number() });

/** Sends NDJSON lines to mlfi's ingest API. @throws Error when they are not all taken */
export async function sendOverHttp(
  address: string,
  modelId: string,
  apiKey: string,
  lines: readonly JsonObject[],
): Promise<void> {
  const response = await fetch(`${address}/api/v1/models/${modelId}/observations`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${apiKey}` },
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`mlfi answered HTTP ${response.status} to logged predictions: ${text.slice(0, 300)}`);
  if (ingestBody.parse(JSON.parse(text)).rejected > 0) {
    throw new Error(`mlfi refused some logged predictions: ${text.slice(0, 300)}`);
  }
}
