import type { KafkaSource } from '../../../domain/kafka-source.js';

const MOST_CAUSES = 5;

/**
 * What a library says, and what lies below it, which says why: the innermost reasons first, then what failed for them.
 * @param hasCertificate whether brokers are shown a certificate; null without TLS
 */
export function causesOf(error: unknown, hasCertificate: boolean | null = null): string {
  const reasons: string[] = [];
  const failed: string[] = [];
  const look = (one: unknown): void => {
    if (!(one instanceof Error) || reasons.length + failed.length >= MOST_CAUSES) return;
    const below = [...(one instanceof AggregateError ? (one.errors as readonly unknown[]) : []), one.cause].filter(
      (inner) => inner instanceof Error,
    );
    const texts = below.length === 0 ? reasons : failed;
    const text = one.message.replace(/[.:\s]+$/, '');
    if (text !== '' && !reasons.includes(text) && !failed.includes(text)) texts.push(text);
    for (const inner of below) look(inner);
  };
  look(error);
  if (reasons.length === 0 && failed.length === 0) return String(error);
  if (reasons.length === 0) return failed.toReversed().join(', ');
  const why = reasons.join('; ');
  const hint =
    hasCertificate === false && /connection closed/i.test(why)
      ? ' – brokers that ask for a certificate end a connection without one: tls.cert_file and tls.key_file give it'
      : '';
  return `${why}${failed.length === 0 ? '' : ` (${failed.join(', ')})`}${hint}`;
}

/** Whether the brokers of a source are shown a certificate; null without TLS. */
export const hasCertificate = ({ tls }: Pick<KafkaSource, 'tls'>): boolean | null =>
  tls === null ? null : tls.certFile !== null;
