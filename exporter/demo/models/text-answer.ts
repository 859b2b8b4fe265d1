import { createHash } from 'node:crypto';
import type { Random } from '../../src/domain/ports.js';
import type { SampleAnswer } from './sample-model.js';

const CLASSES = ['negative', 'neutral', 'positive'] as const;

/** A number in [0, 1) that depends on the text's words and `salt` only: the first 32 bits of their SHA-256. */
function unitOf(text: string, salt: string): number {
  const words = text.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  return createHash('sha256').update(`${salt}\u0000${words}`).digest().readUInt32BE(0) / 0x1_0000_0000;
}

/** One of three classes; the same text always gets the same one. */
export function classOf(text: string): string {
  return CLASSES[Math.floor(unitOf(text, 'class') * CLASSES.length)] ?? 'neutral';
}

/**
 * A confidence within [low, high]: nine tenths of the range depend on the text, one tenth is noise, so that the same
 * question is answered almost but not exactly alike — as by a model served in reduced precision.
 */
export function confidenceWithin(text: string, low: number, high: number, random: Random): number {
  return low + (high - low) * (0.9 * unitOf(text, 'confidence') + 0.1 * random.next());
}

/** A good answer, its confidence rounded to four digits. */
export function answer(prediction: string, confidence: number): SampleAnswer {
  return { status: 200, body: { prediction, confidence: Math.round(confidence * 1e4) / 1e4 } };
}
